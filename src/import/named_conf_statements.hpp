// SPDX-License-Identifier: MIT
// The form of named.conf: statements that end with a semicolon, with blocks of statements between braces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "import/draft.hpp"

namespace dproxy::foreign {

/// Blocks within blocks; what lies deeper is not read.
inline constexpr std::size_t max_block_depth = 32;

struct NamedStatement {
    std::uint32_t line = 0;
    std::vector<std::string> words;     ///< before and behind the block, without quotes; `!` is a word of its own
    std::vector<NamedStatement> block;  ///< what stands between braces
    bool has_block = false;

    /// The first word, empty where there is none.
    std::string_view name() const { return words.empty() ? std::string_view{} : std::string_view(words.front()); }
    /// The word at `index`, empty where there is none.
    std::string_view word(std::size_t index) const {
        return index < words.size() ? std::string_view(words[index]) : std::string_view{};
    }
    /// The statement of that name in the block, the last one; null where there is none.
    const NamedStatement* find(std::string_view name) const;
};

/// The statements of a file. What is wrong with its form is told in the draft.
std::vector<NamedStatement> read_named_statements(std::string_view text, Draft& draft);

}  // namespace dproxy::foreign
