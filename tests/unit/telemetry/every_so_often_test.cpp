// SPDX-License-Identifier: MIT
#include "telemetry/every_so_often.hpp"

#include "catch.hpp"

using namespace dproxy::telemetry;
using namespace std::chrono_literals;

TEST_CASE("a repeated event is written once an interval, with the number left out", "[every_so_often]") {
    EverySoOften event(10s);
    const EverySoOften::TimePoint start{};
    CHECK(event.due(start) == 0U);
    CHECK_FALSE(event.due(start));
    CHECK_FALSE(event.due(start + 9s));
    CHECK(event.due(start + 10s) == 2U);
    CHECK_FALSE(event.due(start + 19s));
    CHECK(event.due(start + 40s) == 1U);
    CHECK(event.due(start + 50s) == 0U);
}

TEST_CASE("several lines an interval: all but these are left out", "[every_so_often]") {
    EverySoOften event(10s, 3);
    const EverySoOften::TimePoint start{};
    for (int i = 0; i < 3; ++i) CHECK(event.due(start + 1s * i) == 0U);
    CHECK_FALSE(event.due(start + 3s));
    CHECK_FALSE(event.due(start + 9s));
    CHECK(event.due(start + 10s) == 2U);  // the interval begins with its first line
    CHECK(event.due(start + 11s) == 0U);
    CHECK(event.due(start + 12s) == 0U);
    CHECK_FALSE(event.due(start + 19s));
}

TEST_CASE("where no line is wanted none is written, and all are counted", "[every_so_often]") {
    EverySoOften event(10s, 0);
    for (int i = 0; i < 5; ++i) CHECK_FALSE(event.due(EverySoOften::TimePoint{} + 20s * i));
}

TEST_CASE("the first event of a long life is written", "[every_so_often]") {
    EverySoOften event(10s);
    CHECK(event.due(EverySoOften::TimePoint{} + 5s) == 0U);  // less than an interval after the clock's beginning
    CHECK_FALSE(event.due(EverySoOften::TimePoint{} + 6s));
}
