// SPDX-License-Identifier: MIT
#include "ini/counted.hpp"

#include "catch.hpp"

using dproxy::config::counted;

TEST_CASE("one is one, everything else is several", "[counted]") {
    CHECK(counted(0, "route") == "0 routes");
    CHECK(counted(1, "route") == "1 route");
    CHECK(counted(2, "route") == "2 routes");
    CHECK(counted(11, "more name") == "11 more names");
    CHECK(counted(18446744073709551615ULL, "byte") == "18446744073709551615 bytes");
}
