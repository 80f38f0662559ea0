// SPDX-License-Identifier: MIT
#include "reports/rfc3339.hpp"

#include "catch.hpp"

using namespace dproxy::config;
using namespace std::chrono_literals;

TEST_CASE("a time is written in UTC, to the millisecond", "[rfc3339]") {
    const std::chrono::system_clock::time_point epoch;
    CHECK(rfc3339(epoch) == "1970-01-01T00:00:00.000Z");
    CHECK(rfc3339(epoch + 951'782'399s + 7ms + 999us) == "2000-02-28T23:59:59.007Z");
    CHECK(rfc3339(epoch + 951'782'400s) == "2000-02-29T00:00:00.000Z");
    CHECK(rfc3339(epoch - 1ms) == "1969-12-31T23:59:59.999Z");
}
