// SPDX-License-Identifier: MIT
// base64url without padding (RFC 4648 5), as the parameter `dns` carries a message (RFC 8484 6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace dproxy::http {

/// How many bytes a text of so many characters stands for.
constexpr std::size_t base64url_bytes(std::size_t characters) {
    return characters / 4 * 3 + characters % 4 * 6 / 8;
}

/// Nothing where a character is of another alphabet (`+`, `/`, `=`, blanks), where the length is none that bytes have,
/// or where bits are left over that are not zero: each message has one text.
std::optional<std::vector<std::uint8_t>> decode_base64url(std::string_view text);

}  // namespace dproxy::http
