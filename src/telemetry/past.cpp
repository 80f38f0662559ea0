// SPDX-License-Identifier: MIT
#include "telemetry/past.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace dproxy::telemetry {

namespace {

constexpr double steps_of_a_doubling = 2048;
constexpr double nanoseconds_of_a_microsecond = 1000;

/// The end of a bucket; of the last one, which has none, the end of that before it.
double bound_ns(std::size_t bucket) {
    const std::size_t bounded = std::min(bucket, DurationHistogram::bucket_count - 2);
    return static_cast<double>(DurationHistogram::first_bound_ns << bounded);
}

std::size_t place_in(std::int64_t number, std::int64_t kept) { return static_cast<std::size_t>(number % kept); }

}  // namespace

BriefDuration BriefDuration::of_ns(double nanoseconds) {
    const double microseconds = std::max(nanoseconds / nanoseconds_of_a_microsecond, 1.0);
    BriefDuration brief;
    brief.steps_ = static_cast<std::uint16_t>(std::min(std::round(std::log2(microseconds) * steps_of_a_doubling) + 1,
                                                       65535.0));
    return brief;
}

double BriefDuration::milliseconds() const {
    return is_none() ? 0 : std::exp2((steps_ - 1) / steps_of_a_doubling) / 1000;
}

Counts& Counts::operator+=(const Counts& more) {
    queries += more.queries;
    failures += more.failures;
    for (std::size_t i = 0; i < durations.size(); ++i) durations[i] += more.durations[i];
    return *this;
}

BriefDuration quantile(const Counts::Durations& durations, double part) {
    const std::uint64_t all = std::accumulate(durations.begin(), durations.end(), std::uint64_t{0});
    if (all == 0) return {};
    const double wanted = part * static_cast<double>(all);
    double before = 0;
    std::size_t bucket = 0;
    while (bucket + 1 < durations.size() && before + durations[bucket] < wanted) before += durations[bucket++];
    const double begin = bucket == 0 ? 0 : bound_ns(bucket - 1);
    const double within = durations[bucket] == 0 ? 1 : (wanted - before) / durations[bucket];
    return BriefDuration::of_ns(begin + (bound_ns(bucket) - begin) * within);
}

Period period_of(const Counts& counts) {
    // The largest number stands for what is not known.
    return {std::min(counts.queries, Period::unknown - 1), counts.failures, quantile(counts.durations, 0.5),
            quantile(counts.durations, 0.99)};
}

void Past::pass(std::int64_t second) {
    assert(second > last_);
    for (std::int64_t at = std::max(last_ + 1, second - seconds_kept + 1); at <= second; ++at) {
        seconds_[place_in(at, seconds_kept)] = {};
    }
    last_ = second;
    const std::int64_t ten = second / 10;
    if (ten == ten_) return;
    for (std::int64_t at = std::max(ten_, ten - tens_kept); at < ten; ++at) tens_[place_in(at, tens_kept)] = {};
    ten_ = ten;
    gathered_ = {};
    gathered_seconds_ = 0;
}

void Past::add(std::int64_t second, const Counts& counts) {
    pass(second);
    seconds_[place_in(second, seconds_kept)] = period_of(counts);
    gathered_ += counts;
    if (++gathered_seconds_ < 10) return;
    tens_[place_in(ten_, tens_kept)] = period_of(gathered_);
    ++ten_;
    gathered_ = {};
    gathered_seconds_ = 0;
}

Period Past::second(std::int64_t second) const {
    if (second < 0 || second > last_ || second <= last_ - seconds_kept) return {};
    return seconds_[place_in(second, seconds_kept)];
}

Period Past::ten(std::int64_t ten) const {
    if (ten < 0 || ten >= ten_ || ten < ten_ - tens_kept) return {};
    return tens_[place_in(ten, tens_kept)];
}

}  // namespace dproxy::telemetry
