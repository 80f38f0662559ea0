// SPDX-License-Identifier: MIT
// Time of a run: it stands still while something happens, and goes on to the next thing that was planned.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

namespace dproxy::simulation {

inline constexpr std::uint64_t microsecond = 1'000, millisecond = 1'000'000, second = 1'000'000'000;

class Timeline {
public:
    std::uint64_t now() const { return now_; }
    /// How many have happened.
    std::uint64_t count() const { return count_; }

    /// At the same time: in the order in which they were planned.
    void at(std::uint64_t when, std::function<void()> what) {
        planned_.push_back({std::max(when, now_), next_++, std::move(what)});
        std::push_heap(planned_.begin(), planned_.end(), later);
    }
    void after(std::uint64_t wait, std::function<void()> what) { at(now_ + wait, std::move(what)); }

    /// False where nothing more is planned until then; time has come to `until`.
    bool step(std::uint64_t until) {
        if (planned_.empty() || planned_.front().when > until) {
            now_ = std::max(now_, until);
            return false;
        }
        std::pop_heap(planned_.begin(), planned_.end(), later);
        Planned next = std::move(planned_.back());
        planned_.pop_back();
        now_ = next.when;
        ++count_;
        next.what();
        return true;
    }
    void clear() { planned_.clear(); }

private:
    struct Planned {
        std::uint64_t when;
        std::uint64_t number;
        std::function<void()> what;
    };
    static bool later(const Planned& a, const Planned& b) {
        return a.when != b.when ? a.when > b.when : a.number > b.number;
    }

    std::uint64_t now_ = 1'000 * second;  ///< so that no time is 0
    std::uint64_t next_ = 0;
    std::uint64_t count_ = 0;
    std::vector<Planned> planned_;  ///< a heap
};

}  // namespace dproxy::simulation
