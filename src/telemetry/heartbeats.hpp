// SPDX-License-Identifier: MIT
// Whether the workers turn over, from the count of turns that each keeps. No clock of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace dproxy::telemetry {

/// One owner, one thread (the admin side).
class Heartbeats {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// `turns` are the workers' heartbeats now, always of the same number of workers. Returns how long
    /// each worker is known to have stood still: since its present count was first seen here. So a
    /// worker is never called dead at the first look.
    std::vector<std::chrono::nanoseconds> stillness(const std::vector<std::uint64_t>& turns, TimePoint now);

private:
    struct Seen {
        std::uint64_t turns = 0;
        TimePoint since;
    };
    std::vector<Seen> seen_;
};

}  // namespace dproxy::telemetry
