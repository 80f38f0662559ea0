// SPDX-License-Identifier: MIT
#include "server/recent_past.hpp"

#include "catch.hpp"
#include "history_scene.hpp"

using namespace dproxy::server;
using dproxy::test::HistoryScene;

TEST_CASE("of the routes the busiest are shown", "[recent_past]") {
    HistoryScene scene(8);
    for (std::size_t number = 1; number < 8; ++number) {
        for (std::size_t i = 0; i < number; ++i) scene.answer(number);
    }
    scene.look();
    scene.answer(3);
    scene.look();
    const RecentPast recent = recent_past(scene.watch);
    REQUIRE(recent.total.size() == 600);
    CHECK(recent.total[599].queries == 1);
    CHECK(recent.total[598].queries == 28);
    CHECK_FALSE(recent.total[597].is_known());
    REQUIRE(recent.busiest.size() == max_routes_charted);
    CHECK((recent.busiest[0].label == "r7" && recent.busiest[0].queries == 7));
    CHECK((recent.busiest[3].label == "r4" || recent.busiest[3].label == "r3"));
    CHECK(recent.busiest[0].seconds[598].queries == 7);
}

TEST_CASE("upstreams have what they were asked in ten minutes", "[recent_past]") {
    HistoryScene scene;
    for (int i = 0; i < 3; ++i) scene.answer(0);
    scene.answer(1);
    scene.counters().upstream(HistoryScene::upstream(1)).failures[dproxy::telemetry::Failure::timeout].add(2);
    scene.look();
    RecentPast recent = recent_past(scene.watch);
    CHECK(recent.asked_upstreams == 4);
    CHECK(recent.upstreams[HistoryScene::upstream(0)].queries == 3);
    CHECK(recent.upstreams[HistoryScene::upstream(1)].failures == 2);
    for (int i = 0; i < 600; ++i) scene.look();
    recent = recent_past(scene.watch);
    CHECK(recent.asked_upstreams == 0);
    CHECK(recent.busiest.empty());
}
