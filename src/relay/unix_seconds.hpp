// SPDX-License-Identifier: MIT
// The time as cookies have it (RFC 9018 4.3): they are good for longer than a turn, and for other processes.
// Held by tests/integration/test_cookies.py.
#pragma once

#include <cstdint>
#include <ctime>

namespace dproxy::proxy {

/// Since 1970, modulo 2^32.
inline std::uint32_t unix_seconds() { return static_cast<std::uint32_t>(std::time(nullptr)); }

}  // namespace dproxy::proxy
