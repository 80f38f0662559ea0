// SPDX-License-Identifier: MIT
// "Did you mean ...": the known name that a misspelt one is nearest to.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace dproxy::config {

/// By edit distance (a swap of neighbours counts as one), without regard to ASCII case. Empty where none is near.
std::string_view nearest_name(std::string_view text, std::span<const std::string_view> known);

/// "unknown key `adress`; did you mean `address`?", or the whole list where none is near.
std::string unknown_key(std::string_view text, std::span<const std::string_view> known);

}  // namespace dproxy::config
