// SPDX-License-Identifier: MIT
// How long an upstream usually takes, and so how long one attempt at it is waited for. After RFC 6298:
// a smoothed mean and a smoothed deviation; their sum (mean + 4 deviations) lies above nearly all replies.
// Other than there, the deviation grows quickly and shrinks slowly: a recursive server is quick nine times
// and slow the tenth, and that tenth reply is no reason to ask twice.
#pragma once

#include <algorithm>
#include <cstdint>

namespace dproxy::routing {

class ReplyTime {
public:
    static constexpr std::uint64_t initial_ns = 500'000'000;  ///< while nothing is known
    static constexpr std::uint64_t least_ns = 50'000'000;
    static constexpr std::uint64_t greatest_ns = 2'000'000'000;

    /// A reply came this long after the attempt it belongs to.
    void observe(std::uint64_t taken_ns) {
        if (!known_) {
            known_ = true;
            mean_ns_ = taken_ns;
            deviation_ns_ = taken_ns / 2;
            return;
        }
        const std::uint64_t apart = taken_ns > mean_ns_ ? taken_ns - mean_ns_ : mean_ns_ - taken_ns;
        const std::uint64_t part = apart > deviation_ns_ ? 4 : 32;
        deviation_ns_ = deviation_ns_ - deviation_ns_ / part + apart / part;
        mean_ns_ = mean_ns_ - mean_ns_ / 8 + taken_ns / 8;
    }

    /// How long to wait for one attempt.
    std::uint64_t attempt_ns() const {
        return known_ ? std::clamp(mean_ns_ + 4 * deviation_ns_, least_ns, greatest_ns) : initial_ns;
    }
    std::uint64_t mean_ns() const { return mean_ns_; }
    bool known() const { return known_; }

private:
    std::uint64_t mean_ns_ = 0;
    std::uint64_t deviation_ns_ = 0;
    bool known_ = false;
};

}  // namespace dproxy::routing
