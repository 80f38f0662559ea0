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

bool HostLookup::has(AddressFamily family, AddressFinding finding) const {
    const auto& outcome = outcomes_[static_cast<std::size_t>(family)];
    return outcome && outcome->answer.finding == finding;
}

/// Of the families that are answered.
void HostLookup::keep_found() {
    finding_ = {};
    finding_.result = HostFinding::Result::found;
    finding_.name = name();
    finding_.ttl = 0xffffffff;
    for (std::size_t i = 0; i < family_count; ++i) {
        if (!outcomes_[i] || outcomes_[i]->answer.finding == AddressFinding::failed) continue;
        finding_.addresses[i] = outcomes_[i]->answer.addresses;
        if (outcomes_[i]->answer.finding != AddressFinding::found) continue;
        finding_.ttl = std::min(finding_.ttl, outcomes_[i]->answer.ttl);
    }
}

HostLookup::Step HostLookup::next_name() {
    if (current_ + 1 == candidates_.size()) {
        finding_ = {};
        finding_.result = saw_failure_ ? HostFinding::Result::failed : HostFinding::Result::absent;
        return Step::over;
    }
    ++current_;
    outcomes_ = {};
    return Step::ask_next;
}

HostLookup::Step HostLookup::judge() {
    for (const auto family : {AddressFamily::v4, AddressFamily::v6}) {
        if (!has(family, AddressFinding::found)) continue;
        keep_found();
        return Step::over;
    }
    if (has(AddressFamily::v4, AddressFinding::no_such_name)) return next_name();
    for (const auto& outcome : outcomes_) {
        if (outcome->answer.finding != AddressFinding::failed) continue;
        saw_failure_ = true;
        if (!outcome->silent) continue;
        finding_ = {};
        finding_.silent = true;
        return Step::over;
    }
    return next_name();
}

HostLookup::Step HostLookup::go_on_without_other() {
    if (has(AddressFamily::v4, AddressFinding::found) || has(AddressFamily::v6, AddressFinding::found)) {
        keep_found();
        return Step::use_half;
    }
    return has(AddressFamily::v4, AddressFinding::no_such_name) ? next_name() : Step::wait;
}

bool can_be_upstream(const net::Address& address) {
    if (address.is_unspecified()) return false;
    if (address.is_v4()) return address.bytes[12] < 224;  // multicast, reserved, broadcast
    const bool link_local = address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
    return address.bytes[0] != 0xff && !link_local;
}

}  // namespace dproxy::routing
