// SPDX-License-Identifier: MIT
// What a route says of answers that are kept for others, and of questions that are asked once for several.
// Held by tests/unit/route_files/route_keys_test.cpp.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace dproxy::routing {

inline constexpr std::chrono::seconds max_kept{7 * 24 * 3600};
inline constexpr std::uint32_t max_prefetch = 255;  ///< as many askings of an answer are counted

struct Keeping {
    bool cache = false;
    bool merge = false;  ///< `merge`, or with the cache always
    std::chrono::seconds least{0};  ///< `cache_ttl`
    std::chrono::seconds most{24 * 3600};
    std::chrono::seconds negative{300};
    std::chrono::seconds stale{0};  ///< 0: off
    std::chrono::milliseconds stale_after{1800};
    std::uint32_t prefetch = 0;  ///< askings; 0: off

    auto operator<=>(const Keeping&) const = default;
};

}  // namespace dproxy::routing
