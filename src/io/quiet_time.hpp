// SPDX-License-Identifier: MIT
// When a burst of events is answered: once, after it has been quiet for a moment, and not later than some
// time after its first event. Knows no clock: time points come in.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace dproxy::io {

class QuietTime {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::milliseconds quiet{50};
    static constexpr std::chrono::milliseconds at_most{500};

    void event(TimePoint now) {
        if (!first_) first_ = now;
        last_ = now;
    }
    /// Asks for an answer at `when`, events or not.
    void ask(TimePoint when) { asked_ = asked_ ? std::min(*asked_, when) : when; }
    /// When to answer; nothing where nothing happened. Each event may move it to a later time.
    std::optional<TimePoint> due() const {
        if (!first_) return asked_;
        const TimePoint calm = std::min(last_ + quiet, *first_ + at_most);
        return asked_ ? std::min(*asked_, calm) : calm;
    }
    void answered() {
        first_.reset();
        asked_.reset();
    }

private:
    std::optional<TimePoint> first_;
    TimePoint last_{};
    std::optional<TimePoint> asked_;
};

}  // namespace dproxy::io
