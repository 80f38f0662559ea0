// SPDX-License-Identifier: MIT
// What came of the answers that are kept, of all workers and routes together, for /status and the page at /.
#pragma once

#include "server/status_facts.hpp"

namespace dproxy::server {

struct CacheSums {
    bool is_used = false;  ///< a route keeps answers or merges queries now, or one did
    std::uint64_t size = 0, bytes = 0, entries = 0, evictions = 0;
    std::uint64_t hits = 0, misses = 0, stale = 0, prefetches = 0, merged = 0;
};

/// Of routes that are gone and of which the slot was given to another, nothing is counted any more.
CacheSums cache_sums(const StatusFacts& facts);

}  // namespace dproxy::server
