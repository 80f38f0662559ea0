// SPDX-License-Identifier: MIT
// What a reader makes of a text, in short lines for tests.
#pragma once

#include <string>
#include <string_view>

#include "import/draft.hpp"

namespace dproxy::test {

/// `3 .a.test b.test: address=192.0.2.1 policy=first`, by the line of the source.
inline std::string sections_of(foreign::Draft& draft) {
    std::string text;
    for (const auto& section : draft.sections()) {
        text += std::to_string(section.line);
        for (const auto& pattern : section.patterns) text += " " + pattern;
        text += ":";
        for (const auto& [key, value] : section.keys) {
            text += " " + key + "=";
            for (const char c : value) text += c == ' ' ? std::string() : std::string(1, c);
        }
        text += "\n";
    }
    return text;
}

/// `3: ` and what is told of the line, each on a line.
inline std::string told_of(foreign::Draft& draft) {
    std::string text;
    for (const auto& one : draft.take_left_out()) text += std::to_string(one.line) + ": " + one.message + "\n";
    return text;
}

/// The lines of a text that is told, without their messages.
inline std::string lines_of(const std::string& told) {
    std::string lines;
    for (std::size_t at = 0; at < told.size(); at = told.find('\n', at) + 1) {
        lines += (lines.empty() ? "" : " ") + told.substr(at, told.find(':', at) - at);
    }
    return lines;
}

struct Drafted {
    std::string sections;
    std::string told;
};
inline Drafted drafted(void (*read)(std::string_view, foreign::Draft&), std::string_view text) {
    foreign::Draft draft("f");
    read(text, draft);
    Drafted result;
    result.sections = sections_of(draft);
    result.told = told_of(draft);
    return result;
}

}  // namespace dproxy::test
