// SPDX-License-Identifier: MIT
#include "routing/host_addresses.hpp"

#include <algorithm>
#include <utility>

namespace dproxy::routing {

bool HostAddresses::take(const HostFinding& finding, std::uint64_t now_ns, std::uint32_t random) {
    if (finding.result != HostFinding::Result::found) {
        if (state_ == State::resolved) state_ = State::kept;
        next_ns_ = now_ns + back_off_ns(random);
        ++failures_;
        return false;
    }
    failures_ = 0;
    const bool same_name = dns::equal_ignoring_case(finding.name.wire(), name_.wire());
    std::uint64_t ttl_ns = std::clamp(finding.ttl * second_ns, min_ttl_ns, max_ttl_ns);
    std::vector<net::Address> addresses;
    for (std::size_t i = 0; i < family_count; ++i) {
        if (finding.addresses[i]) {
            by_family_[i] = *finding.addresses[i];
        } else {
            if (!same_name) by_family_[i].clear();
            ttl_ns = std::min(ttl_ns, longest_retry_ns);
        }
        addresses.insert(addresses.end(), by_family_[i].begin(), by_family_[i].end());
    }
    addresses.resize(std::min(addresses.size(), max_addresses_per_host));
    name_ = finding.name;
    state_ = State::resolved;
    next_ns_ = now_ns + ttl_ns;
    if (addresses == addresses_) return false;
    addresses_ = std::move(addresses);
    return true;
}

/// Twice as long each time; up to a quarter less, so that many instances do not ask at one time.
std::uint64_t HostAddresses::back_off_ns(std::uint32_t random) const {
    constexpr unsigned most_doublings = 5;
    const std::uint64_t step_ns =
        std::min(first_retry_ns << std::min(failures_, most_doublings), longest_retry_ns);
    return step_ns - (step_ns / 4 >> 16) * (random >> 16);
}

std::string_view name_of(HostAddresses::State state) {
    switch (state) {
        case HostAddresses::State::unresolved: return "unresolved";
        case HostAddresses::State::resolved: return "resolved";
        case HostAddresses::State::kept: return "kept";
    }
    return "";
}

}  // namespace dproxy::routing
