// SPDX-License-Identifier: MIT
#include "server/cache_sums.hpp"

#include "status_scene.hpp"
#include "catch.hpp"

using namespace dproxy;
using dproxy::test::StatusScene;
using telemetry::CacheEvent;

TEST_CASE("all routes and workers are summed, those without a label too", "[cache_sums]") {
    StatusScene scene;
    telemetry::WorkerCounters second{telemetry::first_route_slot + 10, telemetry::first_upstream_slot + 10};
    scene.facts.counters.push_back(&second);
    for (const telemetry::Slot slot : {telemetry::other_slot, telemetry::master_slot, telemetry::first_route_slot}) {
        scene.counters.route(slot).cache[CacheEvent::hit].add(1);
        second.route(slot).cache[CacheEvent::merged].add(2);
    }
    scene.counters.cache_entries.set(1);
    second.cache_entries.set(4);
    const auto sums = server::cache_sums(scene.facts);
    CHECK(sums.hits == 3);
    CHECK(sums.merged == 6);
    CHECK(sums.entries == 5);
    CHECK(sums.misses + sums.stale + sums.prefetches + sums.evictions + sums.bytes == 0);
    CHECK(sums.is_used);
}

TEST_CASE("where no route keeps anything nothing is used", "[cache_sums]") {
    CHECK_FALSE(server::cache_sums(StatusScene().facts).is_used);
    StatusScene scene;
    scene.counters.route(telemetry::first_route_slot).cache[CacheEvent::merged].add();
    CHECK(server::cache_sums(scene.facts).is_used);  // one did
}
