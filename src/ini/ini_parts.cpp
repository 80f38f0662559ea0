// SPDX-License-Identifier: MIT
// Cutting a text where its sections begin, for readers that know some of the parts already.
#include <algorithm>

#include "ini/ini_reader.hpp"

namespace dproxy::config {
namespace {

constexpr std::string_view blanks = " \t\r\v\f";

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r' && c != '\n'); }

/// What read_ini takes for a header, be it a good one or not.
bool begins_section(std::string_view line) {
    std::size_t at = 0;
    while (at < line.size() && is_blank(line[at])) ++at;
    return at < line.size() && line[at] == '[';
}

}  // namespace

std::string_view IniPart::text() const {
    if (header.data() == nullptr) return body;
    return {header.data(), static_cast<std::size_t>(body.data() + body.size() - header.data())};
}

std::optional<std::string_view> IniPart::plain_section() const {
    if (header.size() > max_ini_line_bytes) return std::nullopt;
    const std::size_t first = header.find_first_not_of(blanks);
    const std::size_t last = header.find_last_not_of(blanks);
    if (first == std::string_view::npos || header[first] != '[' || header[last] != ']') return std::nullopt;
    std::string_view name = header.substr(first + 1, last - first - 1);
    // Brackets, comments and bytes that mean something else are for the reader that explains them.
    const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
        return c >= ' ' && c != ']' && c != '#' && c != ';' && c != 0x7f;
    });
    if (!plain) return std::nullopt;
    const std::size_t begin = std::min(name.find_first_not_of(blanks), name.size());
    name.remove_prefix(begin);
    if (name.empty()) return std::nullopt;
    return name.substr(0, name.find_last_not_of(blanks) + 1);
}

std::string_view IniParts::take_line() {
    const std::size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++line_;
    return line;
}

std::optional<IniPart> IniParts::next() {
    if (begun_ && header_.data() == nullptr) return std::nullopt;
    begun_ = true;
    IniPart part{header_line_, header_, rest_};
    header_ = {};
    while (!rest_.empty()) {
        const char* begin = rest_.data();
        header_line_ = line_;
        const std::string_view line = take_line();
        if (!begins_section(line)) continue;
        header_ = line;
        part.body = part.body.substr(0, static_cast<std::size_t>(begin - part.body.data()));
        break;
    }
    return part;
}

}  // namespace dproxy::config
