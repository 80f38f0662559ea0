// SPDX-License-Identifier: MIT
// A number and what it counts, as a person says it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dproxy::config {

/// `1 route`, `2 routes`. The noun is one of those that take an s.
inline std::string counted(std::uint64_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace dproxy::config
