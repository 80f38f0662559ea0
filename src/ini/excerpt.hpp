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

/// As it is, with everything unprintable as `\xNN`: what a terminal shows and does not obey.
std::string printable(std::string_view text);

/// A message about a file whose content is not for everybody who may see messages: all that stands between its first
/// and its last backquote is left out, as an excerpt may hold backquotes itself.
std::string without_excerpts(std::string_view message);

}  // namespace dproxy::config
