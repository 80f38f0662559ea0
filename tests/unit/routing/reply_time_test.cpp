// SPDX-License-Identifier: MIT
#include "routing/reply_time.hpp"

#include "catch.hpp"

using dproxy::routing::ReplyTime;

namespace {
constexpr std::uint64_t ms = 1'000'000;
}

TEST_CASE("an upstream nobody has heard gets the initial time", "[reply_time]") {
    const ReplyTime time;
    CHECK_FALSE(time.known());
    CHECK(time.attempt_ns() == ReplyTime::initial_ns);
}

TEST_CASE("a quick and steady upstream is given the least time", "[reply_time]") {
    ReplyTime time;
    for (int i = 0; i < 100; ++i) time.observe(1 * ms);
    CHECK(time.attempt_ns() == ReplyTime::least_ns);
    CHECK(time.mean_ns() > ms * 9 / 10);
    CHECK(time.mean_ns() < ms * 11 / 10);
}

TEST_CASE("an upstream that scatters is given more than nearly all of its replies take", "[reply_time]") {
    ReplyTime time;
    for (int i = 0; i < 200; ++i) time.observe((i % 10 == 0 ? 300 : 100) * ms);
    CHECK(time.attempt_ns() > 300 * ms);
    CHECK(time.attempt_ns() < 1'000 * ms);
}

TEST_CASE("no upstream is waited for longer than the greatest time", "[reply_time]") {
    ReplyTime time;
    for (int i = 0; i < 100; ++i) time.observe((i % 2 == 0 ? 100 : 60'000) * ms);
    CHECK(time.attempt_ns() == ReplyTime::greatest_ns);
}

TEST_CASE("the estimate follows an upstream that becomes slower and quicker again", "[reply_time]") {
    ReplyTime time;
    for (int i = 0; i < 100; ++i) time.observe(2 * ms);
    for (int i = 0; i < 100; ++i) time.observe(400 * ms);
    CHECK(time.attempt_ns() >= 400 * ms);
    for (int i = 0; i < 300; ++i) time.observe(2 * ms);
    CHECK(time.attempt_ns() == ReplyTime::least_ns);
}
