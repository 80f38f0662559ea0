// SPDX-License-Identifier: MIT
// Keeps events that repeat from filling the log: some lines an interval, and the number of those left out.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace dproxy::telemetry {

/// One owner, one thread; no clock of its own.
class EverySoOften {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit EverySoOften(std::chrono::nanoseconds interval, unsigned lines = 1)
        : interval_(interval), lines_(lines) {}

    /// An event happened. When it is to be written: how many were left out since the last that was.
    std::optional<std::uint64_t> due(TimePoint now) {
        if (!has_begun_ || now - begin_ >= interval_) {
            has_begun_ = true;
            begin_ = now;
            written_ = 0;
        }
        if (written_ == lines_) {
            ++left_out_;
            return std::nullopt;
        }
        ++written_;
        return std::exchange(left_out_, 0);
    }

private:
    std::chrono::nanoseconds interval_;
    unsigned lines_;
    unsigned written_ = 0;
    bool has_begun_ = false;
    TimePoint begin_{};  ///< of the interval
    std::uint64_t left_out_ = 0;
};

}  // namespace dproxy::telemetry
