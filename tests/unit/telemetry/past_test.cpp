// SPDX-License-Identifier: MIT
#include "telemetry/past.hpp"

#include <cmath>

#include "catch.hpp"

using namespace dproxy::telemetry;

namespace {

Counts asked(std::uint32_t queries, std::uint32_t failures = 0) {
    Counts counts;
    counts.queries = queries;
    counts.failures = failures;
    return counts;
}

Counts::Durations in_bucket(std::size_t bucket, std::uint32_t count) {
    Counts::Durations durations{};
    durations[bucket] = count;
    return durations;
}

bool is_near(double found, double wanted) { return std::abs(found - wanted) <= wanted / 1000; }

}  // namespace

TEST_CASE("a duration in two bytes is nearly what it was", "[past]") {
    CHECK(BriefDuration().is_none());
    CHECK(BriefDuration().milliseconds() == 0);
    for (double ns = 1000; ns < 4e12; ns *= 1.37) CHECK(is_near(BriefDuration::of_ns(ns).milliseconds(), ns / 1e6));
    CHECK_FALSE(BriefDuration::of_ns(0).is_none());
    CHECK(BriefDuration::of_ns(0) == BriefDuration::of_ns(1000));
    CHECK(BriefDuration::of_ns(1e30).milliseconds() > 3.6e6);
}

TEST_CASE("a quantile lies within its bucket", "[past]") {
    constexpr double first = DurationHistogram::first_bound_ns / 1e6;
    CHECK(quantile({}, 0.5).is_none());
    CHECK(is_near(quantile(in_bucket(0, 10), 0.5).milliseconds(), first / 2));
    CHECK(is_near(quantile(in_bucket(1, 1), 1).milliseconds(), first * 2));
    CHECK(is_near(quantile(in_bucket(3, 4), 0.5).milliseconds(), first * 6));
    // Half of them above, so the half is where the lower bucket ends.
    Counts::Durations two = in_bucket(2, 5);
    two[7] = 5;
    CHECK(is_near(quantile(two, 0.5).milliseconds(), first * 4));
    CHECK(is_near(quantile(two, 1).milliseconds(), first * 128));
    // What has no bound is told as the last bound.
    constexpr std::size_t last = DurationHistogram::bucket_count - 1;
    CHECK(is_near(quantile(in_bucket(last, 3), 0.99).milliseconds(), first * std::exp2(last - 1)));
}

TEST_CASE("what was added is found until it is too old", "[past]") {
    Past past;
    CHECK_FALSE(past.second(0).is_known());
    const std::int64_t end = Past::seconds_kept + 5;
    for (std::int64_t second = 0; second < end; ++second) past.add(second, asked(static_cast<std::uint32_t>(second)));
    CHECK_FALSE(past.second(-1).is_known());
    CHECK_FALSE(past.second(4).is_known());
    CHECK(past.second(5).queries == 5);
    CHECK(past.second(end - 1).queries == end - 1);
    CHECK_FALSE(past.second(end).is_known());
    CHECK(past.ten(0).queries == 45);
    CHECK(past.ten(59).queries == 590 * 10 + 45);
    CHECK_FALSE(past.ten(60).is_known());
}

TEST_CASE("two hours are kept, ten seconds at a time", "[past]") {
    Past past;
    const std::int64_t tens = Past::tens_kept + 3;
    for (std::int64_t second = 0; second < tens * 10; ++second) past.add(second, asked(1, second % 10 == 0 ? 1 : 0));
    CHECK_FALSE(past.ten(2).is_known());
    CHECK(past.ten(3) == Period{10, 1, {}, {}});
    CHECK(past.ten(tens - 1).queries == 10);
    CHECK_FALSE(past.ten(tens).is_known());
}

TEST_CASE("seconds that were missed are not known", "[past]") {
    Past past;
    for (std::int64_t second = 0; second < 12; ++second) past.add(second, asked(7));
    past.add(15, asked(3));
    past.pass(16);
    past.add(17, asked(2));
    CHECK(past.second(11).queries == 7);
    for (const std::int64_t second : {12, 13, 14, 16}) CHECK_FALSE(past.second(second).is_known());
    CHECK(past.second(15).queries == 3);
    CHECK(past.second(17).queries == 2);
    for (std::int64_t second = 18; second < 30; ++second) past.add(second, asked(1));
    CHECK(past.ten(0).queries == 70);
    CHECK_FALSE(past.ten(1).is_known());  // some of it would be a lie about all of it
    CHECK(past.ten(2).queries == 10);
}

TEST_CASE("after a long sleep nothing old is taken for new", "[past]") {
    Past past;
    for (std::int64_t second = 0; second < 600; ++second) past.add(second, asked(9));
    const std::int64_t later = 600 + 10 * Past::seconds_kept * 100;
    past.add(later, asked(4));
    for (std::int64_t second = later - Past::seconds_kept; second < later; ++second) {
        CHECK_FALSE(past.second(second).is_known());
    }
    for (std::int64_t ten = later / 10 - Past::tens_kept; ten <= later / 10; ++ten) {
        CHECK_FALSE(past.ten(ten).is_known());
    }
    CHECK(past.second(later).queries == 4);
}

TEST_CASE("it begins where it begins", "[past]") {
    Past past(1234);
    past.add(1234, asked(1));
    CHECK_FALSE(past.second(1233).is_known());
    CHECK(past.second(1234).queries == 1);
    for (std::int64_t second = 1235; second < 1250; ++second) past.add(second, asked(1));
    CHECK_FALSE(past.ten(123).is_known());
    CHECK(past.ten(124).queries == 10);
}

TEST_CASE("ten seconds have the quantiles of all their durations", "[past]") {
    Past past;
    for (std::int64_t second = 0; second < 10; ++second) {
        Counts counts = asked(1);
        counts.durations = in_bucket(second < 9 ? 0 : 9, 1);
        past.add(second, counts);
    }
    CHECK(past.ten(0).p50.milliseconds() < DurationHistogram::first_bound_ns / 1e6);
    CHECK(past.ten(0).p99.milliseconds() > (DurationHistogram::first_bound_ns << 8) / 1e6);
    CHECK(past.second(9).p50.milliseconds() > (DurationHistogram::first_bound_ns << 8) / 1e6);
}

TEST_CASE("more than can be counted is not taken for what is not known", "[past]") {
    CHECK(period_of(asked(0xffffffff)).is_known());
}
