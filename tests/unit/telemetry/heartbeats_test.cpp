// SPDX-License-Identifier: MIT
#include "telemetry/heartbeats.hpp"

#include "catch.hpp"

using namespace dproxy::telemetry;
using namespace std::chrono_literals;
using Stillness = std::vector<std::chrono::nanoseconds>;

TEST_CASE("a worker stands still since its count was first seen", "[heartbeats]") {
    Heartbeats heartbeats;
    const Heartbeats::TimePoint start{};
    CHECK(heartbeats.stillness({5, 0}, start + 100s) == Stillness{0s, 0s});
    CHECK(heartbeats.stillness({6, 0}, start + 103s) == Stillness{0s, 3s});
    CHECK(heartbeats.stillness({6, 0}, start + 104s) == Stillness{1s, 4s});
    CHECK(heartbeats.stillness({6, 1}, start + 110s) == Stillness{7s, 0s});
}

TEST_CASE("a count that goes round is a sign of life", "[heartbeats]") {
    Heartbeats heartbeats;
    const Heartbeats::TimePoint start{};
    CHECK(heartbeats.stillness({~std::uint64_t{0}}, start) == Stillness{0s});
    CHECK(heartbeats.stillness({~std::uint64_t{0}}, start + 5s) == Stillness{5s});
    CHECK(heartbeats.stillness({0}, start + 6s) == Stillness{0s});
    CHECK(heartbeats.stillness({0}, start + 8s) == Stillness{2s});
}

TEST_CASE("a worker whose first count is 0 is not called dead at the first look", "[heartbeats]") {
    Heartbeats heartbeats;
    const Heartbeats::TimePoint start = Heartbeats::TimePoint{} + 1000h;
    CHECK(heartbeats.stillness({0, 0}, start) == Stillness{0s, 0s});
    CHECK(heartbeats.stillness({0, 1}, start + 1s) == Stillness{1s, 0s});
}

TEST_CASE("without workers nobody stands still", "[heartbeats]") {
    Heartbeats heartbeats;
    CHECK(heartbeats.stillness({}, {}).empty());
}
