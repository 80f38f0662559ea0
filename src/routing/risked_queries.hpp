// SPDX-License-Identifier: MIT
// Which queries are sent to an upstream that may be down, to find out. Clients and times come in, a decision comes out:
// no sockets, no clock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "net/address.hpp"

namespace dproxy::routing {

/// How many queries are risked in a time, and how many of them may be one client's: who asks for what is never answered
/// must not take all of them, or nobody finds out that the upstream answers others.
struct RiskLimits {
    std::uint64_t window_ns = 0;
    std::size_t of_one_client = 0;
    std::size_t in_all = 0;
};

/// Of one upstream, in one worker. A client is an address, a /64 of IPv6.
class RiskedQueries {
public:
    static constexpr std::size_t capacity = 64;  ///< `in_all` is this at the most

    /// `heard_ns`: when a message came from the upstream last. What was risked before that counts no more.
    bool allow(const RiskLimits& limits, const net::Address& client, std::uint64_t now_ns,
               std::uint64_t heard_ns) const;
    void note(const net::Address& client, std::uint64_t now_ns);

private:
    struct Risked {
        net::Address client;
        std::uint64_t at_ns = 0;  ///< 0: none was
    };
    std::array<Risked, capacity> risked_{};
    std::size_t next_ = 0;
};

}  // namespace dproxy::routing
