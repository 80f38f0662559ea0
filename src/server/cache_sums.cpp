// SPDX-License-Identifier: MIT
#include "server/cache_sums.hpp"

#include <algorithm>

#include "server/counter_sums.hpp"

namespace dproxy::server {

using telemetry::CacheEvent;
using telemetry::WorkerCounters;

CacheSums cache_sums(const StatusFacts& facts) {
    const auto of_workers = [&](auto read) { return sum(facts.counters, read); };
    const auto of_routes = [&](CacheEvent event) {
        return of_workers([event](const WorkerCounters& worker) {
            std::uint64_t total = 0;
            for (std::size_t slot = 0; slot < worker.route_slots(); ++slot) {
                total += worker.route(static_cast<telemetry::Slot>(slot)).cache[event].value();
            }
            return total;
        });
    };
    CacheSums sums;
    sums.size = facts.cache_size;
    sums.bytes = of_workers([](const WorkerCounters& worker) { return worker.cache_bytes.value(); });
    sums.entries = of_workers([](const WorkerCounters& worker) { return worker.cache_entries.value(); });
    sums.evictions = of_routes(CacheEvent::eviction);
    sums.hits = of_routes(CacheEvent::hit);
    sums.misses = of_routes(CacheEvent::miss);
    sums.stale = of_routes(CacheEvent::stale);
    sums.prefetches = of_routes(CacheEvent::prefetch);
    sums.merged = of_routes(CacheEvent::merged);
    const auto& pools = facts.publication->pools->pools;
    const auto shares = [](const proxy::Pool& pool) { return pool.settings->keeping.merge; };
    sums.is_used = std::any_of(pools.begin(), pools.end(), shares) || sums.entries + sums.merged > 0;
    return sums;
}

}  // namespace dproxy::server
