// SPDX-License-Identifier: MIT
#include "config/excerpt.hpp"

namespace dproxy::config {

std::string excerpt(std::string_view text) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out = "`";
    for (const char character : text) {
        if (out.size() > max_excerpt_length) {
            out += "...";
            break;
        }
        const auto byte = static_cast<unsigned char>(character);
        if (byte >= 0x20 && byte < 0x7f) {
            out += character;
        } else {
            out += "\\x";
            out += digits[byte >> 4];
            out += digits[byte & 0x0f];
        }
    }
    return out + '`';
}

}  // namespace dproxy::config
