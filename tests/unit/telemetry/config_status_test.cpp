// SPDX-License-Identifier: MIT
#include "telemetry/config_status.hpp"

#include <cmath>
#include <numeric>
#include <thread>
#include <vector>

#include "catch.hpp"

using namespace dproxy::telemetry;
using namespace std::chrono_literals;

TEST_CASE("reloads are counted by result, and timed", "[config_status]") {
    ConfigStatus status;
    CHECK(status.facts().successes == 0);
    status.record({true, {}, 1ms, 5, "abc", {{"a.prox", true}}});
    status.record({false, {}, 11s, 6, "def", {}});
    status.set_watch(WatchMode::poll);
    const ConfigFacts facts = status.facts();
    CHECK(facts.successes == 1);
    CHECK(facts.failures == 1);
    CHECK(facts.last.routes == 6);
    CHECK(facts.last.hash == "def");
    CHECK(facts.last.files.empty());
    CHECK(facts.watch == WatchMode::poll);
    CHECK(facts.durations.front() == 1);  // a bound belongs to its bucket
    CHECK(facts.durations.back() == 1);
    CHECK(std::abs(facts.duration_sum - 11.001) < 1e-9);
}

TEST_CASE("before the first reload there is nothing", "[config_status]") {
    const ConfigFacts facts = ConfigStatus().facts();
    CHECK_FALSE(facts.last.success);
    CHECK(facts.last.hash.empty());
    CHECK(facts.failures == 0);
    CHECK(facts.watch == WatchMode::inotify);
    CHECK(facts.duration_sum == 0);
}

TEST_CASE("a reload counts in the first bucket whose bound it does not exceed", "[config_status]") {
    for (std::size_t i = 0; i < reload_bounds.size(); ++i) {
        const std::chrono::duration<double> seconds(reload_bounds[i]);
        const auto bound = std::chrono::round<std::chrono::nanoseconds>(seconds);
        ConfigStatus status;
        status.record({true, {}, bound, 0, "", {}});
        status.record({true, {}, bound + 1us, 0, "", {}});
        const ConfigFacts facts = status.facts();
        INFO(reload_bounds[i]);
        CHECK(facts.durations[i] == 1);
        CHECK(facts.durations[i + 1] == 1);
    }
}

TEST_CASE("threads may tell and ask at the same time, and all facts are of one time", "[config_status]") {
    ConfigStatus status;
    constexpr std::uint64_t each = 2000;
    const auto tell = [&](bool success) {
        for (std::uint64_t i = 0; i < each; ++i) status.record({success, {}, 1ms, 1, "h", {}});
    };
    std::vector<std::thread> threads;
    threads.emplace_back(tell, true);
    threads.emplace_back(tell, false);
    for (std::uint64_t seen = 0; seen < 2 * each;) {
        const ConfigFacts facts = status.facts();
        seen = facts.successes + facts.failures;
        REQUIRE(std::accumulate(facts.durations.begin(), facts.durations.end(), std::uint64_t{0}) == seen);
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(status.facts().successes == each);
}
