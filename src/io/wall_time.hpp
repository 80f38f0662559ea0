// SPDX-License-Identifier: MIT
// What the wall clock showed at a moment of the monotonic one.
// Held by tests/integration/test_query_log.py, tests/integration/test_trace.py and tests/integration/test_dnstap.py.
#pragma once

#include <chrono>
#include <cstdint>

#include "io/monotonic.hpp"

namespace dproxy::io {

/// As the wall clock is set now.
inline std::chrono::system_clock::time_point wall_time(std::uint64_t moment_ns) {
    const std::chrono::nanoseconds ago(monotonic_ns() - moment_ns);
    return std::chrono::system_clock::now() - std::chrono::duration_cast<std::chrono::system_clock::duration>(ago);
}

}  // namespace dproxy::io
