// SPDX-License-Identifier: MIT
// Keeps an event that repeats from filling the log: one line an interval, with the number left out.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace dproxy::telemetry {

/// One owner, one thread; no clock of its own.
class EverySoOften {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit EverySoOften(std::chrono::nanoseconds interval) : interval_(interval) {}

    /// An event happened. When it is to be written: how many were left out since the last that was.
    std::optional<std::uint64_t> due(TimePoint now) {
        if (last_ && now - *last_ < interval_) {
            ++left_out_;
            return std::nullopt;
        }
        last_ = now;
        const std::uint64_t left_out = left_out_;
        left_out_ = 0;
        return left_out;
    }

private:
    std::chrono::nanoseconds interval_;
    std::optional<TimePoint> last_;
    std::uint64_t left_out_ = 0;
};

}  // namespace dproxy::telemetry
