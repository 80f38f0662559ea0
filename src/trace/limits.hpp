// SPDX-License-Identifier: MIT
// Limits of a trace; told in docs/operations.md.
// Held by tests/unit/trace/step_test.cpp, tests/integration/test_trace.py.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dproxy::trace {

/// Memory of each worker's ring of steps, from the first trace on. A power of two.
inline constexpr std::size_t step_ring_bytes = std::size_t{1} << 18;
/// Of what a step says; with more it ends with `...`.
inline constexpr std::size_t step_text_bytes = 500;
/// Of one trace, in each worker.
inline constexpr std::uint32_t traced_queries = 1000;
inline constexpr std::chrono::minutes trace_time{10};

}  // namespace dproxy::trace
