// SPDX-License-Identifier: MIT
// Text of unknown origin, made fit to be shown: what is well-formed UTF-8 and has a shape stays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dproxy::telemetry {

/// One character of a text, or one byte that is part of none.
struct Character {
    std::size_t length = 1;  ///< bytes
    char32_t code = 0;       ///< of a well-formed one
    bool well_formed = false;
    bool printable = false;  ///< no control, line separator, or change of direction (U+202A, ...)
};
/// `text` is not empty.
Character first_character(std::string_view text);

/// The text with the bytes of everything unprintable as `\xNN`. Other backslashes are left alone.
std::string printable(std::string_view text);

}  // namespace dproxy::telemetry
