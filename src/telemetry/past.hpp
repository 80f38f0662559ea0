// SPDX-License-Identifier: MIT
// What was counted of one thing (all queries, a route, an upstream) in the last ten minutes, second by second, and in
// the last two hours, ten seconds at a time. No clock: seconds are numbers that the owner counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "telemetry/counters.hpp"

namespace dproxy::telemetry {

/// A duration in two bytes: 2,048 steps for each doubling from a microsecond on, so within 0.02 %, up to an hour.
class BriefDuration {
public:
    constexpr BriefDuration() = default;  ///< none: nothing was measured
    /// Less than a microsecond is taken for one.
    static BriefDuration of_ns(double nanoseconds);

    bool is_none() const { return steps_ == 0; }
    double milliseconds() const;  ///< 0 where there is none
    bool operator==(const BriefDuration&) const = default;

private:
    std::uint16_t steps_ = 0;  ///< and one more, as 0 is none
};

/// What was counted in a second, or in ten.
struct Period {
    static constexpr std::uint32_t unknown = 0xffffffff;
    std::uint32_t queries = unknown;
    std::uint32_t failures = 0;
    BriefDuration p50;  ///< half of the durations were no longer
    BriefDuration p99;

    bool is_known() const { return queries != unknown; }
    bool operator==(const Period&) const = default;
};

/// What came to the counters in some time.
struct Counts {
    using Durations = std::array<std::uint32_t, DurationHistogram::bucket_count>;
    std::uint32_t queries = 0;
    std::uint32_t failures = 0;
    Durations durations{};  ///< in the buckets of DurationHistogram

    Counts& operator+=(const Counts& more);
};

/// The quantile, 0 to 1, within its bucket as if durations were spread evenly there; beyond the last bound that bound.
/// None where there are no durations.
BriefDuration quantile(const Counts::Durations& durations, double part);
Period period_of(const Counts& counts);

/// One owner.
class Past {
public:
    static constexpr std::int64_t seconds_kept = 600;
    static constexpr std::int64_t tens_kept = 720;

    /// Begins with `second`, which is not negative; of what was before nothing is known.
    explicit Past(std::int64_t second = 0) : last_(second - 1), ten_(second / 10) {}

    /// The next second that is known: those that were left out before it are not. They only grow.
    void add(std::int64_t second, const Counts& counts);
    /// Nothing is known of this second, nor of those left out before it.
    void pass(std::int64_t second);

    /// Not known as well: what is to come, or longer ago than is kept.
    Period second(std::int64_t second) const;
    /// Ten seconds, from the one that is ten times this number; known when all of them are.
    Period ten(std::int64_t ten) const;

private:
    std::array<Period, seconds_kept> seconds_{};
    std::array<Period, tens_kept> tens_{};
    std::int64_t last_;    ///< the second that was added or passed last
    std::int64_t ten_;     ///< that is being gathered
    Counts gathered_{};    ///< of it, in
    int gathered_seconds_ = 0;
};

}  // namespace dproxy::telemetry
