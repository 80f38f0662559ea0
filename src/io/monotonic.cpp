// SPDX-License-Identifier: MIT
#include "io/monotonic.hpp"

namespace dproxy::io {

std::uint64_t monotonic_ns() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count());
}

}  // namespace dproxy::io
