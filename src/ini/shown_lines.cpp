// SPDX-License-Identifier: MIT
#include "ini/shown_lines.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "ini/excerpt.hpp"

namespace dproxy::config {

namespace {

constexpr const char* hidden_excerpt =
    " (what the line says is not shown: the file lies behind a link that leads out of the directory)";
constexpr std::string_view white_space = " \t\r\v\f";

std::string shown(std::string_view line) {
    const std::size_t begin = line.find_first_not_of(white_space);
    if (begin == std::string_view::npos) return {};
    line = line.substr(begin, line.find_last_not_of(white_space) + 1 - begin);
    const bool is_cut = line.size() > max_shown_line_bytes;
    return std::string(line.substr(0, max_shown_line_bytes)) + (is_cut ? "..." : "");
}

}  // namespace

void show_lines(std::string_view text, Diagnostics& faults) {
    std::vector<Diagnostic*> by_line;
    for (Diagnostic& fault : faults) {
        if (fault.line > 0) by_line.push_back(&fault);
    }
    std::stable_sort(by_line.begin(), by_line.end(),
                     [](const Diagnostic* a, const Diagnostic* b) { return a->line < b->line; });
    std::uint32_t line = 1;
    std::size_t begin = 0;
    for (Diagnostic* fault : by_line) {
        for (; line < fault->line && begin < text.size(); ++line) {
            begin = std::min(text.find('\n', begin), text.size() - 1) + 1;
        }
        if (line == fault->line) fault->line_text = shown(text.substr(begin, text.find('\n', begin) - begin));
    }
}

void hide_lines(Diagnostics& faults) {
    for (Diagnostic& fault : faults) fault.message = without_excerpts(fault.message) + hidden_excerpt;
}

}  // namespace dproxy::config
