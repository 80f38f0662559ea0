// SPDX-License-Identifier: MIT
#include "routing/host_lookup.hpp"

#include <algorithm>
#include <utility>

namespace dproxy::routing {

using dns::AddressFinding;

HostLookup::Step HostLookup::take(AddressFamily family, QuestionOutcome outcome) {
    auto& addresses = outcome.answer.addresses;
    std::erase_if(addresses, [](const net::Address& address) { return !can_be_upstream(address); });
    if (outcome.answer.finding == AddressFinding::found && addresses.empty()) {
        outcome.answer.finding = AddressFinding::no_address;
    }
    outcomes_[static_cast<std::size_t>(family)] = std::move(outcome);
    for (const auto& one : outcomes_) {
        if (!one) return Step::wait;
    }
    return judge();
}

HostLookup::Step HostLookup::judge() {
    bool found = false;
    bool failed = false;
    bool silent = false;
    std::uint32_t ttl = 0xffffffff;
    for (const auto& outcome : outcomes_) {
        if (outcome->answer.finding == AddressFinding::found) {
            found = true;
            ttl = std::min(ttl, outcome->answer.ttl);
        }
        if (outcome->answer.finding == AddressFinding::failed) (outcome->silent ? silent : failed) = true;
    }
    if (found) {
        finding_.result = HostFinding::Result::found;
        finding_.name = name();
        finding_.ttl = ttl;
        for (std::size_t i = 0; i < family_count; ++i) {
            if (outcomes_[i]->answer.finding == AddressFinding::failed) continue;
            finding_.addresses[i] = std::move(outcomes_[i]->answer.addresses);
        }
        return Step::over;
    }
    saw_failure_ = saw_failure_ || failed || silent;
    if (silent || current_ + 1 == candidates_.size()) {
        finding_.result = saw_failure_ ? HostFinding::Result::failed : HostFinding::Result::absent;
        finding_.silent = silent;
        return Step::over;
    }
    ++current_;
    outcomes_ = {};
    return Step::ask_next;
}

bool can_be_upstream(const net::Address& address) {
    if (address.is_unspecified()) return false;
    if (address.is_v4()) return address.bytes[12] < 224;  // multicast, reserved, broadcast
    const bool link_local = address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
    return address.bytes[0] != 0xff && !link_local;
}

}  // namespace dproxy::routing
