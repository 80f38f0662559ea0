// SPDX-License-Identifier: MIT
#include "io/monotonic.hpp"

#include "catch.hpp"

using dproxy::io::monotonic_ns;

TEST_CASE("time is counted in nanoseconds of the steady clock, and never goes back", "[monotonic]") {
    const auto steady_ns = [] {
        return static_cast<std::uint64_t>(
            std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
    };
    std::uint64_t last = steady_ns();
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t now = monotonic_ns();
        REQUIRE(now >= last);
        last = steady_ns();
        REQUIRE(last >= now);
    }
}

TEST_CASE("durations of the settings are counted alike", "[monotonic]") {
    using namespace std::chrono_literals;
    CHECK(dproxy::io::nanoseconds_of(0ms) == 0);
    CHECK(dproxy::io::nanoseconds_of(1ms) == 1'000'000);
    CHECK(dproxy::io::nanoseconds_of(std::chrono::milliseconds(24h)) == 86'400 * dproxy::io::second_ns);
}
