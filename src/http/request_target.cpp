// SPDX-License-Identifier: MIT
#include "http/request_target.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "http/base64url.hpp"
#include "http/limits.hpp"

namespace dproxy::http {
namespace {

constexpr std::string_view parameter_name = "dns";

int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

/// Nothing where a `%` is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            decoded += text[at];
            continue;
        }
        const int high = text.size() - at < 3 ? -1 : hex_digit(text[at + 1]);
        const int low = text.size() - at < 3 ? -1 : hex_digit(text[at + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        decoded += static_cast<char>(high << 4 | low);
        at += 2;
    }
    return decoded;
}

}  // namespace

RequestTarget split_target(std::string_view target) {
    if (!target.starts_with('/')) {
        const std::size_t scheme = target.find("://");
        const std::size_t path = scheme == target.npos ? target.npos : target.find_first_of("/?", scheme + 3);
        if (path != target.npos) target.remove_prefix(path);
    }
    const std::size_t mark = std::min(target.find('?'), target.size());
    return {target.substr(0, mark), target.substr(std::min(mark + 1, target.size()))};
}

DnsParameter read_dns_parameter(std::string_view query) {
    if (query.size() > target_bytes) return {Status::target_too_long, {}};
    std::optional<std::string> text;
    while (!query.empty()) {
        const std::string_view part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(part.size() + 1, query.size()));
        const std::size_t equals = std::min(part.find('='), part.size());
        const auto name = percent_decoded(part.substr(0, equals));
        if (!name) return {};
        if (*name != parameter_name) continue;
        if (text) return {};
        text = percent_decoded(part.substr(std::min(equals + 1, part.size())));
        if (!text) return {};
    }
    if (!text) return {};
    if (base64url_bytes(text->size()) > body_bytes) return {Status::target_too_long, {}};
    auto message = decode_base64url(*text);
    if (!message || message->size() < dns::header_length) return {};
    return {Status::ok, std::move(*message)};
}

}  // namespace dproxy::http
