// SPDX-License-Identifier: MIT
#include "server/history_watch.hpp"

#include "catch.hpp"
#include "history_scene.hpp"

using namespace dproxy;
using dproxy::test::HistoryScene;

TEST_CASE("what was counted since the last look is found under the time of the look", "[history_watch]") {
    HistoryScene scene;
    scene.answer(0);
    scene.look();
    scene.watch.read([&](const telemetry::History& history, std::chrono::system_clock::time_point time) {
        CHECK(time == scene.time);
        CHECK(history.total().second(history.last_second()).queries == 1);
        CHECK(history.routes().slots() == std::vector<telemetry::Slot>{HistoryScene::route(0)});
    });
}

TEST_CASE("it looks by itself, again and again", "[history_watch]") {
    HistoryScene scene;
    const auto looks = [&] {
        return scene.watch.read([](const telemetry::History& history, auto) { return history.last_second(); });
    };
    const auto before = looks();
    scene.watch.start();
    while (looks() < before + 2) scene.io.run_one();
    CHECK(looks() >= before + 2);
}
