// SPDX-License-Identifier: MIT
// Small facts: configuration, process, heartbeats, repeated events.
#include <cmath>

#include "catch.hpp"
#include "telemetry/config_status.hpp"
#include "telemetry/every_so_often.hpp"
#include "telemetry/heartbeats.hpp"
#include "telemetry/metric_labels.hpp"
#include "telemetry/process_metrics.hpp"

using namespace dproxy::telemetry;
using namespace std::chrono_literals;

TEST_CASE("reloads are counted by result, and timed") {
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

TEST_CASE("/proc/self/stat is read behind the program's name, whatever that is") {
    const auto stat = parse_process_stat(
        "12 (a) b) R (c) S 1 2 3 4 5 6 7 8 9 10 300 45 13 14 15 16 17 18 9999 1000000 250 18446744073709551615 1\n");
    REQUIRE(stat);
    CHECK(stat->cpu_ticks == 345);
    CHECK(stat->start_ticks == 9999);
    CHECK(stat->virtual_bytes == 1000000);
    CHECK(stat->resident_pages == 250);
    CHECK_FALSE(parse_process_stat(""));
    CHECK_FALSE(parse_process_stat("12 (a) S 1 2 3"));
    CHECK_FALSE(parse_process_stat("12 a S 1 2 3 4 5 6 7 8 9 10 300 45 13 14 15 16 17 18 9999 1000000 250 1"));
}

TEST_CASE("the time of boot is a line of /proc/stat") {
    CHECK(parse_boot_time("cpu 1 2\nbtime 1700000000\nprocesses 5\n") == 1700000000U);
    CHECK_FALSE(parse_boot_time("cpu 1 2\nprocesses 5\n"));
    CHECK_FALSE(parse_boot_time("cpu 1 2\nbtime soon\n"));
    CHECK_FALSE(parse_boot_time("cpu 1 2\nbtime "));
}

TEST_CASE("this process has facts") {
    const ProcessFacts facts = read_process_facts();
    CHECK(facts.cpu_seconds.value_or(-1) >= 0);
    CHECK(facts.start_time_seconds.value_or(0) > 1.6e9);
#ifndef DPROXY_EMULATED  // qemu-user makes up a /proc/self/stat, with no memory in it
    CHECK(facts.virtual_memory_bytes.value_or(0) > facts.resident_memory_bytes.value_or(0));
    CHECK(facts.resident_memory_bytes.value_or(0) > 100'000);
#endif
    CHECK(facts.open_fds.value_or(0) >= 3);
    CHECK(facts.max_fds.value_or(0) >= facts.open_fds.value_or(1));
}

TEST_CASE("a worker stands still since its count was first seen") {
    Heartbeats heartbeats;
    const Heartbeats::TimePoint start{};
    using Stillness = std::vector<std::chrono::nanoseconds>;
    CHECK(heartbeats.stillness({5, 0}, start + 100s) == Stillness{0s, 0s});
    CHECK(heartbeats.stillness({6, 0}, start + 103s) == Stillness{0s, 3s});
    CHECK(heartbeats.stillness({6, 0}, start + 104s) == Stillness{1s, 4s});
    CHECK(heartbeats.stillness({6, 1}, start + 110s) == Stillness{7s, 0s});
}

TEST_CASE("a repeated event is written once an interval, with the number left out") {
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

TEST_CASE("labels are there before the first are published") {
    PublishedLabels published;
    REQUIRE(published.current());
    CHECK(published.current()->routes.empty());
    const auto before = published.current();
    published.publish(std::make_shared<const MetricLabels>(MetricLabels{{{3, "a"}}, {}}));
    CHECK(published.current()->routes.size() == 1);
    CHECK(before->routes.empty());
}
