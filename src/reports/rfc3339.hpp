// SPDX-License-Identifier: MIT
// Points in time as machines and people read them (RFC 3339).
#pragma once

#include <chrono>
#include <string>

namespace dproxy::config {

/// `2026-11-29T09:02:38.123Z`: UTC, to the millisecond.
std::string rfc3339(std::chrono::system_clock::time_point time);

}  // namespace dproxy::config
