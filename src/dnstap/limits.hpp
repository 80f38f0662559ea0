// SPDX-License-Identifier: MIT
// Limits of dnstap; told in docs/operations.md.
// Held by tests/unit/dnstap/tap_test.cpp, tests/integration/test_dnstap.py.
#pragma once

#include <cstddef>

namespace dproxy::dnstap {

/// Memory of each worker's ring, where dnstap is on. A power of two. Any DNS message has room in it: none is cut.
inline constexpr std::size_t tap_ring_bytes = std::size_t{4} << 20;

}  // namespace dproxy::dnstap
