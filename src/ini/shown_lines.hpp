// SPDX-License-Identifier: MIT
// The lines that faults are about, as they stand in the file.
#pragma once

#include <cstddef>
#include <string_view>

#include "ini/diagnostic.hpp"

namespace dproxy::config {

/// Of a line; of more the beginning is taken, with `...`.
inline constexpr std::size_t max_shown_line_bytes = 200;

/// Gives each fault that has a line its text, without white space around it. All are of the file with this text.
void show_lines(std::string_view text, Diagnostics& faults);

/// The file lies behind a link that leads out of the directory, and perhaps not everybody who sees faults may read it:
/// what messages quote of it is left out.
void hide_lines(Diagnostics& faults);

}  // namespace dproxy::config
