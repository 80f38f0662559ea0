// SPDX-License-Identifier: MIT
#include "clients/session_rules.hpp"

#include "catch.hpp"
#include "clients/limits.hpp"

namespace dproxy::proxy {

namespace {

using Next = SessionRules::Next;
using Reached = SessionRules::Reached;

constexpr std::uint64_t begin_ns = 1'000'000;
constexpr std::uint64_t idle_ns = 100;
constexpr std::size_t nothing_queued = 0;

SessionLimits limits_of(std::uint32_t queries, std::uint32_t inflight) { return {queries, inflight, idle_ns}; }

}  // namespace

TEST_CASE("a session is read until as many queries as it may have are in flight", "[session_rules]") {
    const SessionLimits limits = limits_of(100, 2);
    SessionRules rules(limits, begin_ns);
    CHECK(rules.next(nothing_queued) == Next::read);
    CHECK(rules.take_query(begin_ns) == Reached::nothing);
    CHECK(rules.next(nothing_queued) == Next::read);
    CHECK(rules.take_query(begin_ns) == Reached::inflight);
    CHECK(rules.next(nothing_queued) == Next::pause);
    CHECK_FALSE(rules.all_done());
    rules.done();
    CHECK(rules.next(nothing_queued) == Next::read);
    rules.done();
    CHECK(rules.all_done());
}

TEST_CASE("a query that needs no waiting does not keep a session from being read", "[session_rules]") {
    const SessionLimits limits = limits_of(100, 1);
    SessionRules rules(limits, begin_ns);
    CHECK(rules.take_query(begin_ns) == Reached::inflight);
    rules.done();
    CHECK(rules.next(nothing_queued) == Next::read);
}

TEST_CASE("a session is not read while its client has much to take", "[session_rules]") {
    const SessionLimits limits = limits_of(100, 2);
    const SessionRules rules(limits, begin_ns);
    CHECK(rules.next(pause_reading_at) == Next::read);
    CHECK(rules.next(pause_reading_at + 1) == Next::pause);
}

TEST_CASE("a session ends after as many queries as it may have in its life, when all are answered", "[session_rules]") {
    const SessionLimits limits = limits_of(2, 100);
    SessionRules rules(limits, begin_ns);
    CHECK(rules.take_query(begin_ns) == Reached::nothing);
    CHECK(rules.take_query(begin_ns) == Reached::queries);
    CHECK(rules.next(nothing_queued) == Next::pause);
    rules.done();
    CHECK(rules.next(nothing_queued) == Next::pause);
    rules.done();
    CHECK(rules.next(nothing_queued) == Next::end);
    CHECK(rules.next(pause_reading_at + 1) == Next::end);  // whoever closes waits for what is queued
}

TEST_CASE("a session that is told to finish ends when all is answered", "[session_rules]") {
    const SessionLimits limits = limits_of(100, 1);
    SessionRules idle(limits, begin_ns);
    idle.finish();
    CHECK(idle.next(nothing_queued) == Next::end);

    SessionRules busy(limits, begin_ns);
    busy.take_query(begin_ns);
    busy.finish();
    CHECK(busy.next(nothing_queued) == Next::pause);
    CHECK(busy.take_query(begin_ns) == Reached::nothing);  // it was on its way: no limit keeps it from being read on
    busy.done();
    busy.done();
    CHECK(busy.next(nothing_queued) == Next::end);
}

TEST_CASE("a session without a query lasts for the idle time", "[session_rules]") {
    const SessionLimits limits = limits_of(100, 2);
    SessionRules rules(limits, begin_ns);
    CHECK(rules.check_progress({}, begin_ns + idle_ns - 1));
    CHECK_FALSE(rules.check_progress({}, begin_ns + idle_ns));

    SessionRules asked(limits, begin_ns);
    asked.take_query(begin_ns + idle_ns);
    asked.done();
    CHECK(asked.moved_ns() == begin_ns + idle_ns);
    CHECK(asked.check_progress({}, begin_ns + 2 * idle_ns - 1));
    CHECK_FALSE(asked.check_progress({}, begin_ns + 2 * idle_ns));
}

TEST_CASE("a session that waits for answers is not idle, however long they take", "[session_rules]") {
    const SessionLimits limits = limits_of(100, 2);
    SessionRules rules(limits, begin_ns);
    rules.take_query(begin_ns);
    CHECK(rules.check_progress({}, begin_ns + 10 * idle_ns));
    rules.done();
    CHECK(rules.check_progress({}, begin_ns + 11 * idle_ns - 1));
    CHECK_FALSE(rules.check_progress({}, begin_ns + 11 * idle_ns));
}

TEST_CASE("a client that does not take its answers makes no progress, whatever it asks", "[session_rules]") {
    const SessionLimits limits = limits_of(100, 2);
    SessionRules rules(limits, begin_ns);
    rules.take_query(begin_ns);
    const std::size_t queued = 10 * bytes_of_progress;
    CHECK(rules.check_progress({0, queued, false}, begin_ns + idle_ns - 1));
    CHECK_FALSE(rules.check_progress({0, queued, false}, begin_ns + idle_ns));
}

TEST_CASE("a client that takes a byte now and then makes no progress until it is a good part", "[session_rules]") {
    const SessionLimits limits = limits_of(100, 2);
    SessionRules rules(limits, begin_ns);
    const std::size_t queued = 10 * bytes_of_progress;
    CHECK(rules.check_progress({bytes_of_progress - 1, queued, false}, begin_ns + idle_ns - 1));
    CHECK(rules.moved_ns() == begin_ns);
    SECTION("it takes on") {
        CHECK(rules.check_progress({bytes_of_progress, queued, false}, begin_ns + idle_ns));
        CHECK(rules.moved_ns() == begin_ns + idle_ns);
        CHECK(rules.check_progress({2 * bytes_of_progress - 1, queued, false}, begin_ns + 2 * idle_ns - 1));
        CHECK_FALSE(rules.check_progress({2 * bytes_of_progress - 1, queued, false}, begin_ns + 2 * idle_ns));
    }
    SECTION("that was all there is") {
        CHECK(rules.check_progress({bytes_of_progress - 1, nothing_queued, false}, begin_ns + idle_ns));
        CHECK(rules.moved_ns() == begin_ns + idle_ns);
    }
    SECTION("it takes no more") {
        CHECK_FALSE(rules.check_progress({bytes_of_progress - 1, queued, false}, begin_ns + idle_ns));
    }
}

TEST_CASE("a query that begins has the idle time to come to its end", "[session_rules]") {
    const SessionLimits limits = limits_of(100, 100);
    SessionRules rules(limits, begin_ns);
    rules.take_query(begin_ns);  // whose answer is being fetched
    const SessionTraffic part{0, nothing_queued, true};
    CHECK(rules.check_progress(part, begin_ns + 1));
    CHECK(rules.check_progress(part, begin_ns + idle_ns));
    SECTION("it does not") { CHECK_FALSE(rules.check_progress(part, begin_ns + 1 + idle_ns)); }
    SECTION("it does, and another begins") {
        rules.take_query(begin_ns + idle_ns);
        CHECK(rules.check_progress(part, begin_ns + 1 + idle_ns));
        CHECK(rules.check_progress(part, begin_ns + 2 * idle_ns));
        CHECK_FALSE(rules.check_progress(part, begin_ns + 1 + 2 * idle_ns));
    }
    SECTION("it does, and none begins") {
        CHECK(rules.check_progress({}, begin_ns + 1 + idle_ns));
        CHECK(rules.check_progress(part, begin_ns + 2 * idle_ns));
        CHECK(rules.check_progress(part, begin_ns + 3 * idle_ns - 1));
    }
}

TEST_CASE("whether there is room for one more plays no part in the end of a session", "[session_rules]") {
    const SessionLimits limits = limits_of(1, 2);
    SessionRules rules(limits, begin_ns);
    CHECK(rules.take_query(begin_ns) == Reached::queries);
    CHECK(rules.next(nothing_queued) == Next::pause);
    CHECK(rules.has_room(nothing_queued));
    CHECK_FALSE(rules.has_room(pause_reading_at + 1));
    CHECK(rules.take_query(begin_ns) == Reached::nothing);  // which is told once
    CHECK_FALSE(rules.has_room(nothing_queued));
}

TEST_CASE("a session that is at work gives way last", "[session_rules]") {
    const SessionLimits limits = limits_of(100, 100);
    SessionRules rules(limits, begin_ns);
    const std::uint64_t now_ns = begin_ns + 10;
    CHECK(rules.idle_since_ns(nothing_queued, now_ns) == begin_ns);
    CHECK(rules.idle_since_ns(1, now_ns) == now_ns);
    rules.take_query(begin_ns + 5);
    CHECK(rules.idle_since_ns(nothing_queued, now_ns) == now_ns);
    rules.done();
    CHECK(rules.idle_since_ns(nothing_queued, now_ns) == begin_ns + 5);
}

}  // namespace dproxy::proxy
