// SPDX-License-Identifier: MIT
// The form of a Corefile: server blocks of directives, each a line with perhaps a block of lines of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "import/draft.hpp"

namespace dproxy::foreign {

/// Words of a Corefile with its snippets put in where they are imported.
inline constexpr std::size_t max_corefile_words = 4'000'000;

struct CorefileLine {
    std::uint32_t line = 0;
    std::vector<std::string> words;  ///< never empty
};

struct CorefileDirective {
    std::uint32_t line = 0;
    std::vector<std::string> words;   ///< its name, and its arguments
    std::vector<CorefileLine> block;  ///< what stands between its braces; blocks within are flat
    const std::string& name() const { return words.front(); }
};

struct CorefileBlock {
    std::uint32_t line = 0;
    std::vector<std::string> keys;  ///< zones, as they are written
    std::vector<CorefileDirective> directives;
};

/// What is wrong with the form is told in the draft, and files that are imported, and lines with a variable of the
/// environment in them, which are left out.
std::vector<CorefileBlock> read_corefile_blocks(std::string_view text, Draft& draft);

}  // namespace dproxy::foreign
