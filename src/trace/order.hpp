// SPDX-License-Identifier: MIT
// What is to be traced.
// Held by tests/integration/test_trace.py.
#pragma once

#include <cstdint>

#include "dns/name.hpp"

namespace dproxy::trace {

/// Immutable, and shared by all workers.
struct Order {
    dns::Name name;              ///< this one and all below it
    std::uint64_t until_ns = 0;  ///< of the monotonic clock: no step is told from then on
    std::uint32_t serial = 0;    ///< which trace of this process it is, from 1
};

}  // namespace dproxy::trace
