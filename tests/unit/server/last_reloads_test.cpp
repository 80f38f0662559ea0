// SPDX-License-Identifier: MIT
#include "server/last_reloads.hpp"

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::server;
using namespace std::chrono_literals;

namespace {

config::ReloadResult result(std::string added) {
    config::RoutesState routes;
    routes.routes = 7;
    routes.faults = {{config::Severity::error, "f", 1, "m"}};
    config::ReloadResult made;
    made.state = std::make_shared<const config::RoutesState>(std::move(routes));
    made.changes.added = {{std::move(added)}, 3};
    made.changes.removed = {{"gone.test"}, 0};
    return made;
}

constexpr std::chrono::system_clock::time_point noon{12h};

}  // namespace

TEST_CASE("the last reload comes first, with what it changed", "[last_reloads]") {
    LastReloads reloads;
    CHECK(reloads.notes()->empty());
    reloads.add(result("a.test"), true, 1ms, noon);
    const LastReloads::Notes before = reloads.notes();
    reloads.add(result("b.test"), false, 2ms, noon + 1s);
    CHECK(before->size() == 1);  // what was handed out stays as it is
    const auto& notes = *reloads.notes();
    REQUIRE(notes.size() == 2);
    CHECK((notes[0].time == noon + 1s && notes[0].duration == 2ms && !notes[0].is_first));
    CHECK((notes[0].routes == 7 && notes[0].faults == 1));
    CHECK((notes[0].changes.added.named == std::vector<std::string>{"b.test"} && notes[0].changes.added.more == 3));
    CHECK(notes[0].changes.removed.named == std::vector<std::string>{"gone.test"});
    CHECK((notes[1].is_first && notes[1].changes.empty()));
}

TEST_CASE("a bounded number is kept, and of long names the beginning", "[last_reloads]") {
    LastReloads reloads;
    for (int i = 0; i < 100; ++i) reloads.add(result(std::string(5000, 'x')), false, 1ms, noon + 1s * i);
    const auto& notes = *reloads.notes();
    REQUIRE(notes.size() == max_reloads_told);
    CHECK(notes.front().time == noon + 99s);
    CHECK(notes.back().time == noon + 80s);
    CHECK(notes.front().changes.added.named.front() == std::string(max_label_bytes_told, 'x') + "...");
}
