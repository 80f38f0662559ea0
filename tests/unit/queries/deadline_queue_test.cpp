// SPDX-License-Identifier: MIT
#include "queries/deadline_queue.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "catch.hpp"

using namespace dproxy::proxy;

namespace {

constexpr std::uint64_t ms = 1'000'000;

struct Queue {
    InFlightTable queries{1000};
    DeadlineQueue deadlines{queries};
    std::vector<QueryIndex> woken;

    QueryIndex add(std::uint64_t wake_ns) {
        const std::vector<std::uint8_t> message(12);
        const QueryIndex index = queries.take(message);
        deadlines.add(index, wake_ns);
        return index;
    }
    void advance(std::uint64_t now_ns) {
        deadlines.advance(now_ns, [this](QueryIndex index) { woken.push_back(index); });
    }
};

}  // namespace

TEST_CASE("a query is woken at its time and not before", "[deadline_queue]") {
    Queue queue;
    queue.advance(1'000'000 * ms);
    const QueryIndex index = queue.add(1'000'250 * ms);
    queue.advance(1'000'249 * ms);
    CHECK(queue.woken.empty());
    queue.advance(1'000'250 * ms);
    CHECK(queue.woken == std::vector{index});
    CHECK(queue.deadlines.empty());
}

TEST_CASE("a time beyond one round of the wheel is kept", "[deadline_queue]") {
    Queue queue;
    queue.advance(1'000 * ms);
    const QueryIndex index = queue.add(61'000 * ms);
    for (std::uint64_t now = 1'000; now < 61'000; now += 10) queue.advance(now * ms);
    CHECK(queue.woken.empty());
    queue.advance(61'000 * ms);
    CHECK(queue.woken == std::vector{index});
}

TEST_CASE("a pause longer than a round loses nothing", "[deadline_queue]") {
    Queue queue;
    queue.advance(1'000 * ms);
    for (std::uint64_t i = 0; i < 100; ++i) queue.add((1'001 + i * 37) * ms);
    queue.advance(600'000 * ms);
    CHECK(queue.woken.size() == 100);
}

TEST_CASE("a time that has passed already is woken at the next look", "[deadline_queue]") {
    Queue queue;
    queue.advance(100'000 * ms);
    const QueryIndex index = queue.add(1 * ms);
    queue.advance(100'010 * ms);
    CHECK(queue.woken == std::vector{index});
}

TEST_CASE("a removed query is not woken, and removing twice does nothing", "[deadline_queue]") {
    Queue queue;
    const QueryIndex first = queue.add(20 * ms);
    const QueryIndex middle = queue.add(20 * ms);
    const QueryIndex last = queue.add(20 * ms);
    queue.deadlines.remove(middle);
    queue.deadlines.remove(middle);
    queue.advance(30 * ms);
    std::sort(queue.woken.begin(), queue.woken.end());
    CHECK(queue.woken == std::vector{first, last});
}

TEST_CASE("waking one query may end and add others", "[deadline_queue]") {
    Queue queue;
    const QueryIndex first = queue.add(20 * ms);
    const QueryIndex second = queue.add(20 * ms);
    int calls = 0;
    queue.deadlines.advance(30 * ms, [&](QueryIndex index) {
        ++calls;
        const QueryIndex other = index == first ? second : first;
        queue.deadlines.remove(other);
        queue.queries.release(other);
        // The place is taken by another query at once, due later.
        CHECK(queue.add(500 * ms) == other);
    });
    CHECK(calls == 1);
    queue.advance(500 * ms);
    CHECK(queue.woken.size() == 1);
}

TEST_CASE("the wheel agrees with a sorted list", "[deadline_queue]") {
    Queue queue;
    std::mt19937 random(1);
    std::multimap<std::uint64_t, QueryIndex> model;
    std::uint64_t now = 5'000 * ms;
    queue.advance(now);
    for (int step = 0; step < 2'000; ++step) {
        if (queue.queries.size() < 900) {
            const std::uint64_t at = now + random() % (9'000 * ms);
            model.emplace(at, queue.add(at));
        }
        now += random() % (30 * ms);
        queue.woken.clear();
        queue.advance(now);
        std::vector<QueryIndex> expected;
        while (!model.empty() && model.begin()->first <= now) {
            expected.push_back(model.begin()->second);
            model.erase(model.begin());
        }
        std::sort(expected.begin(), expected.end());
        std::sort(queue.woken.begin(), queue.woken.end());
        REQUIRE(queue.woken == expected);
        for (const QueryIndex index : expected) queue.queries.release(index);
    }
}
