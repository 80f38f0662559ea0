// SPDX-License-Identifier: MIT
#include "telemetry/history.hpp"

#include "catch.hpp"

using namespace dproxy::telemetry;
using namespace std::chrono_literals;

namespace {

constexpr Slot here = first_route_slot, there = first_route_slot + 1, upstream = first_upstream_slot;

std::shared_ptr<const MetricLabels> labels(std::vector<RouteLabel> routes) {
    auto made = std::make_shared<MetricLabels>();
    made->routes = std::move(routes);
    made->upstreams = {{upstream, "192.0.2.1:53", nullptr}, {other_slot, "192.0.2.2:53", nullptr}};
    return made;
}

/// Two workers, looked at second by second.
struct Scene {
    WorkerCounters one{10, 10}, two{10, 10};
    std::vector<const WorkerCounters*> workers{&one, &two};
    std::shared_ptr<const MetricLabels> named = labels({{here, "here.test"}, {there, "there.test"}});
    History history;
    History::TimePoint now{100s};

    Scene() { look(0s); }
    void look(std::chrono::nanoseconds later = 1s) {
        now += later;
        history.look(now, workers, named);
    }
    Period total() const { return history.total().second(history.last_second()); }
    Period of(const HistoryPlaces& places, Slot slot) const {
        const Past* past = places.find(slot);
        return past == nullptr ? Period() : past->second(history.last_second());
    }
    void answer(WorkerCounters& worker, Slot route, RcodeLabel rcode, std::uint64_t taken_ns) {
        worker.requests[0][1][TypeLabel::a].add();
        worker.responses[1][static_cast<std::size_t>(rcode)][Source::upstream].add();
        worker.duration[1].observe(taken_ns);
        worker.route(route).requests.add();
        worker.route(route).responses[rcode].add();
        worker.route(route).duration.observe(taken_ns);
    }
};

}  // namespace

TEST_CASE("the workers' counters are told as one", "[history]") {
    Scene scene;
    scene.answer(scene.one, here, RcodeLabel::noerror, 900'000);
    scene.answer(scene.two, here, RcodeLabel::servfail, 900'000);
    scene.answer(scene.two, there, RcodeLabel::nxdomain, 900'000);
    scene.look();
    CHECK((scene.total().queries == 3 && scene.total().failures == 1));
    CHECK((scene.total().p50.milliseconds() > 0.5 && scene.total().p99.milliseconds() < 1.01));
    const Period route = scene.of(scene.history.routes(), here);
    CHECK((route.queries == 2 && route.failures == 1 && route.p50.milliseconds() > 0.5));
    CHECK(scene.of(scene.history.routes(), there).failures == 0);
    scene.look();
    CHECK((scene.total().queries == 0 && scene.total().p50.is_none()));
    CHECK(scene.of(scene.history.routes(), here).queries == 0);
}

TEST_CASE("an upstream is told what it was asked for clients", "[history]") {
    Scene scene;
    UpstreamCounters& counters = scene.one.upstream(upstream);
    counters.requests[0][AttemptReason::first].add(5);
    counters.requests[1][AttemptReason::retry].add(2);
    counters.requests[0][AttemptReason::hedge].add();
    counters.requests[0][AttemptReason::probe].add(100);
    counters.failures[Failure::timeout].add(2);
    counters.failures[Failure::refused].add();
    counters.duration.observe(3'000'000);
    scene.look();
    const Period told = scene.of(scene.history.upstreams(), upstream);
    CHECK((told.queries == 8 && told.failures == 3 && told.p50.milliseconds() > 2));
}

TEST_CASE("a process that was stopped knows nothing of that time", "[history]") {
    Scene scene;
    scene.answer(scene.one, here, RcodeLabel::noerror, 1);
    scene.look();
    for (int i = 0; i < 1000; ++i) scene.answer(scene.one, here, RcodeLabel::noerror, 1);
    scene.look(50s);
    CHECK(scene.history.last_second() == 51);
    for (std::int64_t second = 2; second <= 51; ++second) {
        CHECK_FALSE(scene.history.total().second(second).is_known());
        CHECK_FALSE(scene.history.routes().find(here)->second(second).is_known());
    }
    scene.answer(scene.one, here, RcodeLabel::noerror, 1);
    scene.look();
    CHECK(scene.total().queries == 1);
    CHECK(scene.of(scene.history.routes(), here).queries == 1);
}

TEST_CASE("a look that is a little late or early is that of its second", "[history]") {
    Scene scene;
    scene.look(1300ms);
    CHECK((scene.history.last_second() == 1 && scene.total().is_known()));
    scene.look(700ms);
    CHECK((scene.history.last_second() == 2 && scene.total().is_known()));
    scene.answer(scene.one, here, RcodeLabel::noerror, 1);
    scene.look(300ms);  // no second yet
    CHECK(scene.history.last_second() == 2);
    scene.look(700ms);
    CHECK((scene.history.last_second() == 3 && scene.total().queries == 1));
    scene.look(1400ms);
    scene.look(1550ms);  // of nearly two
    CHECK((scene.history.last_second() == 6 && !scene.total().is_known()));
}

TEST_CASE("a slot that has another label has another past", "[history]") {
    Scene scene;
    scene.answer(scene.one, here, RcodeLabel::noerror, 1);
    scene.answer(scene.one, there, RcodeLabel::noerror, 1);
    scene.look();
    scene.one.route(here).clear();
    scene.named = labels({{here, "new.test"}, {there, "there.test"}});
    scene.look();
    CHECK(scene.history.routes().find(here) == nullptr);
    CHECK(scene.history.routes().find(there)->second(1).queries == 1);
    scene.answer(scene.one, here, RcodeLabel::noerror, 1);
    scene.look();
    CHECK(scene.of(scene.history.routes(), here).queries == 1);
    CHECK_FALSE(scene.history.routes().find(here)->second(1).is_known());
    // One that is gone has none either.
    scene.named = labels({{here, "new.test"}});
    scene.look();
    CHECK(scene.history.routes().find(there) == nullptr);
}

TEST_CASE("slots without a label of their own have names that stay", "[history]") {
    Scene scene;
    CHECK(route_label(*scene.named, other_slot) == "other");
    CHECK(route_label(*scene.named, no_route_slot) == "(none)");
    CHECK(route_label(*scene.named, master_slot) == "(master)");
    CHECK(route_label(*scene.named, here) == "here.test");
    CHECK(route_label(*scene.named, 9).empty());
    CHECK(upstream_label(*scene.named, other_slot) == "other");
    CHECK(upstream_label(*scene.named, upstream) == "192.0.2.1:53");
    scene.answer(scene.one, no_route_slot, RcodeLabel::refused, 1);
    scene.look();
    CHECK(scene.of(scene.history.routes(), no_route_slot).queries == 1);
    scene.named = labels({});
    scene.look();
    CHECK(scene.of(scene.history.routes(), no_route_slot).is_known());
}

TEST_CASE("the history keeps its budget with every place taken", "[history]") {
    CHECK(sizeof(History) + 2 * HistoryPlaces::bytes_at_most <= most_history_bytes);
    WorkerCounters worker(most_pasts + 3, most_pasts + 3);
    auto named = std::make_shared<MetricLabels>();
    for (Slot slot = 3; slot < most_pasts + 3; ++slot) {
        named->routes.push_back({slot, "r" + std::to_string(slot)});
        named->upstreams.push_back({slot, "u" + std::to_string(slot), nullptr});
    }
    History history;
    const std::vector<const WorkerCounters*> workers{&worker};
    history.look(History::TimePoint(1s), workers, named);
    for (Slot slot = 0; slot < most_pasts + 3; ++slot) {
        worker.route(slot).requests.add();
        worker.upstream(slot).requests[0][AttemptReason::first].add();
    }
    history.look(History::TimePoint(2s), workers, named);
    CHECK(history.routes().slots().size() == most_pasts);
    CHECK(history.upstreams().slots().size() == most_pasts);
    CHECK(history.routes().left_out() == 3);
}
