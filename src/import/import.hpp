// SPDX-License-Identifier: MIT
// The configuration of another DNS server as a route file. Decides without I/O.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "import/alike_sections.hpp"
#include "import/language.hpp"
#include "ini/diagnostic.hpp"

namespace dproxy::foreign {

/// Of the file that is read.
inline constexpr std::size_t max_import_bytes = 64 * 1024 * 1024;

struct Import {
    std::string text;              ///< of the route file; `dproxy check` accepts it
    std::vector<List> lists;       ///< that it names; to lie beside it
    config::Diagnostics left_out;  ///< what has no counterpart, in the order of the lines
};

/// `file` is what messages call it. Any text at all gives a result; it is not read beyond max_import_bytes. Lists are
/// called `lists_called` and a number; without it none are made.
Import read_foreign(std::string_view text, std::string_view file, Language language,
                    std::string_view lists_called = {});

}  // namespace dproxy::foreign
