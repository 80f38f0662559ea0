// SPDX-License-Identifier: MIT
#include "upstreams/generation.hpp"

#include "catch.hpp"
#include "unit/upstreams/some_generations.hpp"

using namespace dproxy;
using namespace dproxy::proxy;

namespace {

std::size_t count(Generations& generations) {
    std::size_t upstreams = 0;
    generations.for_each_upstream([&](Upstream&) { ++upstreams; });
    return upstreams;
}

}  // namespace

TEST_CASE("an upstream that stays is the same, and one that nobody names any more goes", "[generation]") {
    SomeGenerations trial;
    CHECK_FALSE(trial.generations.ready());
    trial.adopt({1001, 1002});
    CHECK(trial.generations.ready());
    Upstream* const stays = &trial.upstream(1002);
    trial.adopt({1002, 1003});
    CHECK(&trial.upstream(1002) == stays);
    CHECK(count(trial.generations) == 2);
}

TEST_CASE("queries in flight keep the generation they began with, and its upstreams", "[generation]") {
    SomeGenerations trial;
    trial.adopt({1001, 1002});
    Generation& first = trial.generations.current();
    first.inflight = 2;
    Upstream* const leaving = first.upstreams[0];
    trial.adopt({1002});
    CHECK(count(trial.generations) == 2);
    CHECK(first.upstreams[0] == leaving);
    trial.generations.left(first);
    CHECK(count(trial.generations) == 2);
    trial.generations.left(first);
    CHECK(count(trial.generations) == 1);
    CHECK(leaving->spec().slot == telemetry::other_slot);  // it is there until the turn is over
    trial.generations.clear_leaving();
}

TEST_CASE("the turns of pools go on while the table is the same", "[generation]") {
    SomeGenerations trial;
    trial.adopt({1001, 1002});
    trial.generations.current().turns[0] = 7;
    trial.adopt_same_table();
    CHECK(trial.generations.current().turns[0] == 7);
    trial.adopt({1001, 1002});
    CHECK(trial.generations.current().turns[0] == 0);
}
