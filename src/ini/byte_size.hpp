// SPDX-License-Identifier: MIT
// Amounts of memory, from text and to text: `64MiB`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ini/typed_values.hpp"

namespace dproxy::config {

/// A whole number of bytes, or of `KiB`, `MiB`, `GiB` (in any case, perhaps behind a blank).
Parsed<std::uint64_t> parse_byte_size(std::string_view text, std::uint64_t min, std::uint64_t max);
/// In the largest unit that fits: `64MiB`, `1000`.
std::string byte_size_text(std::uint64_t bytes);

}  // namespace dproxy::config
