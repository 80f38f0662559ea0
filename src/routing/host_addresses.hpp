// SPDX-License-Identifier: MIT
// What the addresses of one host name are at present, and when its nameservers are asked again. Findings and
// times come in: no sockets, no clock, no randomness of its own.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "routing/host_lookup.hpp"

namespace dproxy::routing {

/// Upstreams of one host name; of more, the lowest addresses are taken.
inline constexpr std::size_t max_addresses_per_host = 64;

class HostAddresses {
public:
    static constexpr std::uint64_t second_ns = 1'000'000'000;
    static constexpr std::uint64_t min_ttl_ns = 5 * second_ns;     ///< a shorter TTL counts as this
    static constexpr std::uint64_t max_ttl_ns = 5 * 60 * second_ns;
    static constexpr std::uint64_t first_retry_ns = second_ns;     ///< after a failure, or an answer without an address
    static constexpr std::uint64_t longest_retry_ns = 30 * second_ns;

    /// Due at once.
    explicit HostAddresses(std::uint64_t now_ns) : next_ns_(now_ns) {}

    enum class State : std::uint8_t {
        unresolved,  ///< never had an address
        resolved,    ///< the last round found them
        kept,        ///< the last round found none: the last good ones stay
    };
    State state() const { return state_; }
    /// IPv4 first, each in ascending order; good until the next take().
    const std::vector<net::Address>& addresses() const { return addresses_; }
    std::uint64_t next_ns() const { return next_ns_; }  ///< when it is to be asked again

    /// The last good addresses stay until others are found: an answer that there are none, or that there is no such
    /// name, is what a Service gives whose pods are all being replaced, and an upstream that is gone does
    /// no harm, as it is down. A family whose question failed keeps its own as long as the other one
    /// is found under the same name. `random`: any number, each time another. True when addresses() changed.
    bool take(const HostFinding& finding, std::uint64_t now_ns, std::uint32_t random);

private:
    std::uint64_t back_off_ns(std::uint32_t random) const;

    State state_ = State::unresolved;
    unsigned failures_ = 0;  ///< rounds in a row
    std::uint64_t next_ns_;
    dns::Name name_;  ///< under which they were found
    std::array<std::vector<net::Address>, family_count> by_family_;
    std::vector<net::Address> addresses_;
};

/// `unresolved`, `resolved`, `kept`.
std::string_view name_of(HostAddresses::State state);

}  // namespace dproxy::routing
