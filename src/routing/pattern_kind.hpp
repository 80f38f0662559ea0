// SPDX-License-Identifier: MIT
// Which names a pattern means.
// Held by tests/unit/routing/route_table_test.cpp.
#pragma once

#include <cstdint>

namespace dproxy::routing {

/// `x`, `*.x`, or `.x`, which is both. `*` is `below` of the root.
enum class PatternKind : std::uint8_t { exact = 1, below = 2, both = 3 };

inline bool has_below(PatternKind kind) { return kind != PatternKind::exact; }

}  // namespace dproxy::routing
