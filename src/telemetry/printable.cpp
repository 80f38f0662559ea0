// SPDX-License-Identifier: MIT
#include "telemetry/printable.hpp"

namespace dproxy::telemetry {
namespace {

bool has_shape(char32_t code) {
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return false;  // controls of ASCII and of Latin-1
    if (code == 0x061c || code == 0x200e || code == 0x200f) return false;  // marks of direction
    if (code >= 0x2028 && code <= 0x202e) return false;  // separators, embeddings and overrides of direction
    if (code >= 0x2066 && code <= 0x2069) return false;  // isolates of direction
    return code != 0xfeff && (code & 0xfffe) != 0xfffe;  // byte order mark, noncharacters
}

struct Lead {
    std::size_t length;
    char32_t bits;
    char32_t least;  ///< a smaller code is overlong
};

Lead read_lead(unsigned char byte) {
    if (byte < 0x80) return {1, byte, 0};
    if ((byte & 0xe0) == 0xc0) return {2, byte & 0x1fU, 0x80};
    if ((byte & 0xf0) == 0xe0) return {3, byte & 0x0fU, 0x800};
    if ((byte & 0xf8) == 0xf0) return {4, byte & 0x07U, 0x10000};
    return {0, 0, 0};
}

}  // namespace

Character first_character(std::string_view text) {
    const auto [length, bits, least] = read_lead(static_cast<unsigned char>(text.front()));
    if (length == 0 || length > text.size()) return {};
    char32_t code = bits;
    for (std::size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xc0) != 0x80) return {};
        code = code << 6 | (byte & 0x3fU);
    }
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < least || surrogate || code > 0x10ffff) return {};
    return {length, code, true, has_shape(code)};
}

std::string printable(std::string_view text) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const Character character = first_character(text);
        if (character.printable) {
            result += text.substr(0, character.length);
        } else {
            for (const char byte : text.substr(0, character.length)) {
                const auto value = static_cast<unsigned char>(byte);
                result += {'\\', 'x', digits[value >> 4], digits[value & 15]};
            }
        }
        text.remove_prefix(character.length);
    }
    return result;
}

}  // namespace dproxy::telemetry
