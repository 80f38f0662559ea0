// SPDX-License-Identifier: MIT
// The monotonic clock as the data path counts it.
#pragma once

#include <chrono>
#include <cstdint>

namespace dproxy::proxy {

/// Nanoseconds since an unknown moment, the same in all threads.
inline std::uint64_t monotonic_ns() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count());
}

}  // namespace dproxy::proxy
