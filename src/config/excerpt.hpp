// SPDX-License-Identifier: MIT
// What was found in a file, as a message can show it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dproxy::config {

inline constexpr std::size_t max_excerpt_length = 60;

/// The text in backquotes, cut to max_excerpt_length bytes, with everything unprintable as `\xNN`.
std::string excerpt(std::string_view text);

}  // namespace dproxy::config
