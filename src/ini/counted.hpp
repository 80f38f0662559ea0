// SPDX-License-Identifier: MIT
// A number and what it counts, or a time, as a person says it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dproxy::config {

/// `1 route`, `2 routes`. The noun is one of those that take an s.
inline std::string counted(std::uint64_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

/// `119 s`, `2 min`, `47 h`, `2 days`.
inline std::string duration_words(std::uint64_t seconds) {
    if (seconds < 120) return std::to_string(seconds) + " s";
    if (seconds < 7200) return std::to_string(seconds / 60) + " min";
    if (seconds < 172'800) return std::to_string(seconds / 3600) + " h";
    return std::to_string(seconds / 86'400) + " days";
}

}  // namespace dproxy::config
