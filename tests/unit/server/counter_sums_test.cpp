// SPDX-License-Identifier: MIT
#include "server/counter_sums.hpp"

#include "catch.hpp"

using namespace dproxy::server;
using dproxy::telemetry::Drop;
using dproxy::telemetry::WorkerCounters;

namespace {

struct TwoWorkers {
    WorkerCounters one{4, 4};
    WorkerCounters two{4, 4};
    Workers all{&one, &two};
};

const auto inflight = [](const WorkerCounters& worker) { return worker.inflight.value(); };
const auto dropped = [](const WorkerCounters& worker) -> const auto& { return worker.dropped; };
const auto over_udp = [](const WorkerCounters& worker) -> const auto& { return worker.duration[0]; };

}  // namespace

TEST_CASE("what the workers counted is added up", "[counter_sums]") {
    TwoWorkers workers;
    CHECK(sum(workers.all, inflight) == 0);
    workers.one.inflight.add(3);
    workers.two.inflight.add(4);
    CHECK(sum(workers.all, inflight) == 7);
    CHECK(sum({}, inflight) == 0);
}

TEST_CASE("a gauge may be below zero in one of them", "[counter_sums]") {
    TwoWorkers workers;
    workers.one.inflight.subtract(2);
    workers.two.inflight.add(5);
    CHECK(sum(workers.all, inflight) == 3);
}

TEST_CASE("labels under which nothing was counted are left out, in their order", "[counter_sums]") {
    TwoWorkers workers;
    CHECK(counts_by<Drop>(workers.all, dropped).empty());
    workers.two.dropped[Drop::reply_malformed].add(1);
    workers.one.dropped[Drop::rate_limited].add(2);
    workers.two.dropped[Drop::rate_limited].add(3);
    const auto counts = counts_by<Drop>(workers.all, dropped);
    REQUIRE(counts.size() == 2);
    CHECK(counts[0] == std::pair<std::string_view, std::uint64_t>("rate_limited", 5));
    CHECK(counts[1] == std::pair<std::string_view, std::uint64_t>("reply_malformed", 1));
}

TEST_CASE("durations have a mean where there are some", "[counter_sums]") {
    TwoWorkers workers;
    CHECK(durations(workers.all, over_udp).count == 0);
    CHECK(durations(workers.all, over_udp).mean_ms() == 0);
    workers.one.duration[0].observe(1'000'000);
    workers.two.duration[0].observe(4'000'000);
    workers.two.duration[0].observe(100'000'000'000);  // beyond all bounds of buckets
    workers.two.duration[1].observe(7);
    const DurationSum found = durations(workers.all, over_udp);
    CHECK(found.count == 3);
    CHECK(found.sum_ns == 100'005'000'000);
    CHECK(found.mean_ms() == 33335);
}
