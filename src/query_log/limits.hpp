// SPDX-License-Identifier: MIT
// Limits of the query log; told in docs/operations.md.
// Held by tests/unit/query_log/line_test.cpp, tests/integration/test_query_log.py.
#pragma once

#include <climits>
#include <cstddef>

namespace dproxy::query_log {

/// Memory of each worker's ring, from the first publication on in which anything is logged. A power of two.
inline constexpr std::size_t ring_bytes = std::size_t{1} << 20;
/// Of what a section is called; with more it ends with `...`.
inline constexpr std::size_t max_route_bytes = 255;
/// Of a line, with its end: what a pipe takes in one piece (pipe(7)), so that no other line gets into its midst.
inline constexpr std::size_t max_line_bytes = PIPE_BUF;

}  // namespace dproxy::query_log
