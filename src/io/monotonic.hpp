// SPDX-License-Identifier: MIT
// The monotonic clock as the data path counts it.
#pragma once

#include <chrono>
#include <cstdint>

namespace dproxy::io {

inline constexpr std::uint64_t second_ns = 1'000'000'000;

/// Nanoseconds since an unknown moment, the same in all threads.
std::uint64_t monotonic_ns();

/// A duration of the settings, for comparison with it.
constexpr std::uint64_t nanoseconds_of(std::chrono::milliseconds duration) {
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(duration).count());
}

}  // namespace dproxy::io
