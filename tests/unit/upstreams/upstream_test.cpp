// SPDX-License-Identifier: MIT
#include "upstreams/upstream.hpp"

#include "catch.hpp"
#include "unit/upstreams/some_generations.hpp"

using namespace dproxy;
using namespace dproxy::proxy;

TEST_CASE("an upstream that leaves the routes counts among the others what it has in flight", "[upstream]") {
    SomeGenerations trial;
    trial.adopt({1001, 1002});
    Upstream& leaving = trial.upstream(1001);
    const telemetry::Slot slot = leaving.spec().slot;
    trial.hold_generation();
    leaving.attempt_opened();
    leaving.attempt_opened();
    CHECK(trial.inflight(slot) == 2);
    trial.adopt({1002});
    CHECK(trial.inflight(slot) == 0);
    CHECK(trial.inflight(telemetry::other_slot) == 2);
    // Long after, its slot is another upstream's.
    for (std::uint16_t port = 1003; port < 1010; ++port) {
        trial.now += telemetry::SlotBook::rest * 2;
        trial.adopt({1002, port});
        trial.upstream(port).attempt_opened();
        trial.hold_generation();
    }
    leaving.attempt_closed();
    leaving.attempt_closed();
    std::uint64_t all = 0;
    for (telemetry::Slot one = 0; one < trial.counters.upstream_slots(); ++one) {
        CHECK(trial.inflight(one) <= 7);
        all += trial.inflight(one);
    }
    CHECK(all == 7);
}

TEST_CASE("an upstream that comes into a slot of its own brings its gauge along", "[upstream]") {
    SomeGenerations trial;
    trial.adopt({1001, 1002, 1003});  // two have a label
    Upstream& other = trial.upstream(1003);
    REQUIRE(other.spec().slot == telemetry::other_slot);
    other.attempt_opened();
    trial.now += telemetry::SlotBook::rest * 2;
    trial.adopt({1001, 1003});
    CHECK(other.spec().slot != telemetry::other_slot);
    CHECK(trial.inflight(other.spec().slot) == 1);
    CHECK(trial.inflight(telemetry::other_slot) == 0);
    other.attempt_closed();
    CHECK(trial.inflight(other.spec().slot) == 0);
}

TEST_CASE("an upstream that stays has the health mode of its new routes", "[upstream]") {
    SomeGenerations trial;
    trial.adopt({1001});
    for (const auto mode : {routing::Health::passive, routing::Health::off, routing::Health::on}) {
        trial.adopt({1001}, mode);
        CHECK(trial.upstream(1001).spec().health_mode == mode);
    }
}

TEST_CASE("an attempt in vain makes its link suspect, and is told to the prober", "[upstream]") {
    OneUpstream one(*net::Endpoint::parse("127.0.0.1", 9));
    Attempt attempt;
    REQUIRE(one.upstream.send(one.query(), attempt, false, nullptr).sent == Sent::yes);
    CHECK(attempt.sent_ns == one.context.now_ns);
    one.context.now_ns += io::second_ns;
    one.upstream.overdue(attempt, 1);
    CHECK(attempt.link->is_suspect());
    CHECK(one.upstream.spec().health->suspected);
    CHECK_FALSE(one.upstream.any_waiting());
    CHECK(one.upstream.next_waiting() == no_query);  // nothing was ever asked over a stream
}

TEST_CASE("that it refuses the client's network, or insists on cookies, is known for a while", "[upstream]") {
    OneUpstream one(*net::Endpoint::parse("127.0.0.1", 9));
    CHECK_FALSE(one.upstream.refuses_subnet());
    CHECK_FALSE(one.upstream.insists_on_cookies());
    one.upstream.note_refuses_subnet();
    one.upstream.note_insists_on_cookies();
    CHECK(one.upstream.refuses_subnet());
    CHECK(one.upstream.insists_on_cookies());
    one.context.now_ns += std::max(no_subnet_ns, insists_on_cookies_ns);
    CHECK_FALSE(one.upstream.refuses_subnet());
    CHECK_FALSE(one.upstream.insists_on_cookies());
}

TEST_CASE("an upstream that goes takes back that one of its connections has room", "[upstream]") {
    OneUpstream one(*net::Endpoint::parse("127.0.0.1", 9));
    {
        Upstream goes(one.context, one.upstream.spec());
        one.context.with_room.push_back(&goes);
    }
    CHECK(one.context.with_room.empty());
}
