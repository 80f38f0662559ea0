// SPDX-License-Identifier: MIT
// When queries in flight look as if they went in circles: many of one route ask the same. Only a probe can tell a
// loop from a crowd, so this is what makes one to be sent.
#pragma once

#include <algorithm>
#include <cstdint>

#include "queries/in_flight.hpp"
#include "relay/limits.hpp"

namespace dproxy::proxy {

/// One for each worker.
class LoopSuspicion {
public:
    /// Whether it is worth a look. `inflight`: queries of the route, `limit`: how many it may have.
    bool is_due(std::uint32_t inflight, std::uint32_t limit, std::uint64_t now_ns) const {
        return inflight >= least_inflight(limit) && now_ns - looked_ns_ >= suspicion_interval_ns;
    }
    /// Looks at some of the queries in flight, at others each time: whether many are this query again.
    bool looks_like_a_loop(InFlightTable& queries, QueryIndex query, std::uint32_t limit, std::uint64_t now_ns);

private:
    /// A route that may have one query in flight only cannot spin.
    static std::uint32_t least_inflight(std::uint32_t limit) {
        return std::min(suspicion_inflight, std::max(limit / 2 + 1, 2u));
    }

    std::uint64_t looked_ns_ = 0;
    std::uint32_t next_place_ = 0;
};

}  // namespace dproxy::proxy
