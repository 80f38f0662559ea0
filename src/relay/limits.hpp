// SPDX-License-Identifier: MIT
// Limits of the relay itself.
#pragma once

#include <cstddef>
#include <cstdint>

#include "queries/limits.hpp"

namespace dproxy::proxy {

/// Of `max_buffered`, so much may lie on connections to upstreams; beyond it only an empty connection is given a query.
inline constexpr std::size_t upstream_part = 4;

/// When a limit is reached, this part of it is freed at once: who gives way is found by a look at all that is held.
inline constexpr std::uint32_t part_to_free = 16;

// Suspicion of a loop, in one worker.
inline constexpr std::uint32_t suspicion_inflight = 32;   ///< of one route, or half of its limit where that is less
inline constexpr std::uint32_t same_questions = 8;        ///< of those that are looked at: to be suspected
inline constexpr std::uint32_t suspicion_places = 1024;   ///< looked at each time
inline constexpr std::uint64_t suspicion_interval_ns = second_ns / 10;
inline constexpr std::uint32_t max_loop_reports = 1000;  ///< of probes that came back, in a second

}  // namespace dproxy::proxy
