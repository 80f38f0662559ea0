// SPDX-License-Identifier: MIT
#include "http/base64url.hpp"

namespace dproxy::http {
namespace {

int value_of(char digit) {
    if (digit >= 'A' && digit <= 'Z') return digit - 'A';
    if (digit >= 'a' && digit <= 'z') return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9') return digit - '0' + 52;
    if (digit == '-') return 62;
    if (digit == '_') return 63;
    return -1;
}

}  // namespace

std::optional<std::vector<std::uint8_t>> decode_base64url(std::string_view text) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::vector<std::uint8_t> bytes;
    bytes.reserve(base64url_bytes(text.size()));
    unsigned bits = 0;  // the lowest `count` are yet to be written
    unsigned count = 0;
    for (const char digit : text) {
        const int value = value_of(digit);
        if (value < 0) return std::nullopt;
        bits = (bits << 6 | static_cast<unsigned>(value)) & 0xfffu;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes.push_back(static_cast<std::uint8_t>(bits >> count));
    }
    if ((bits & ((1u << count) - 1)) != 0) return std::nullopt;
    return bytes;
}

}  // namespace dproxy::http
