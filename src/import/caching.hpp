// SPDX-License-Identifier: MIT
// What a configuration says of the answers that it keeps, as the keys `cache` and `cache_*` of a section.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "import/draft.hpp"

namespace dproxy::foreign {

/// Times in seconds. What is not given has the default of dproxy.
struct Caching {
    bool on = false;
    std::optional<std::uint32_t> least{};     ///< TTLs below it are raised
    std::optional<std::uint32_t> longest{};
    std::optional<std::uint32_t> negative{};  ///< the longest, of what is not there
    std::optional<std::uint32_t> stale{};     ///< beyond its time; 0: none
    bool stale_at_once = false;               ///< nobody waits for the upstreams before it
    std::optional<std::uint32_t> stale_after_ms{};
    std::uint32_t prefetch = 0;               ///< queries; 0: none

    /// Nothing where `on` is not, or where the section answers by itself.
    void write(Section& section) const;
};

inline constexpr std::uint32_t seven_days = 7 * 24 * 60 * 60;  ///< in seconds: the longest that a route keeps an answer

/// A whole number of seconds. More than seven_days is that, which is told. Nothing: told too.
std::optional<std::uint32_t> cache_seconds(std::string_view text, std::uint32_t line, Draft& draft);

}  // namespace dproxy::foreign
