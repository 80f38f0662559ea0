// SPDX-License-Identifier: MIT
#include "ini/excerpt.hpp"

namespace dproxy::config {

namespace {

void append_printable(char character, std::string& out) {
    static constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(character);
    if (byte >= 0x20 && byte < 0x7f) {
        out += character;
    } else {
        out += "\\x";
        out += digits[byte >> 4];
        out += digits[byte & 0x0f];
    }
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    for (const char character : text) append_printable(character, out);
    return out;
}

std::string excerpt(std::string_view text) {
    std::string out = "`";
    for (const char character : text) {
        if (out.size() > max_excerpt_length) {
            out += "...";
            break;
        }
        append_printable(character, out);
    }
    return out + '`';
}

std::string without_excerpts(std::string_view message) {
    const std::size_t first = message.find('`');
    const std::size_t last = message.rfind('`');
    if (first == last) return std::string(message.substr(0, first));  // none, or one without an end
    return std::string(message.substr(0, first + 1)) + "..." + std::string(message.substr(last));
}

}  // namespace dproxy::config
