// SPDX-License-Identifier: MIT
// What the content of requests and responses is (RFC 8484 6).
#pragma once

#include <algorithm>
#include <string_view>

namespace dproxy::http {

inline constexpr std::string_view dns_media_type = "application/dns-message";

/// Whether a content type says so, in any case; parameters behind it play no part, there are none for this one.
inline bool is_dns_media_type(std::string_view value) {
    value = value.substr(0, value.find(';'));
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    const auto is_same = [](char x, char y) { return (x >= 'A' && x <= 'Z' ? static_cast<char>(x | 0x20) : x) == y; };
    return std::equal(value.begin(), value.end(), dns_media_type.begin(), dns_media_type.end(), is_same);
}

}  // namespace dproxy::http
