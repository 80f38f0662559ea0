// SPDX-License-Identifier: MIT
#include "admin/query_string.hpp"

#include <algorithm>

namespace dproxy::admin {
namespace {

int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

std::optional<std::string> decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            decoded += ' ';
        } else if (text[i] != '%') {
            decoded += text[i];
        } else {
            if (text.size() - i < 3) return std::nullopt;
            const int high = hex_digit(text[i + 1]);
            const int low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            decoded += static_cast<char>(high << 4 | low);
            i += 2;
        }
    }
    return decoded;
}

}  // namespace

const std::string* Parameters::find(std::string_view name) const {
    const auto found =
        std::find_if(pairs_.begin(), pairs_.end(), [name](const auto& pair) { return pair.first == name; });
    return found == pairs_.end() ? nullptr : &found->second;
}

std::optional<Parameters> parse_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!query.empty()) {
        const std::string_view part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(part.size() + 1, query.size()));
        if (part.empty()) continue;
        const std::size_t equals = std::min(part.find('='), part.size());
        auto name = decode(part.substr(0, equals));
        auto value = decode(part.substr(std::min(equals + 1, part.size())));
        if (!name || !value) return std::nullopt;
        pairs.emplace_back(std::move(*name), std::move(*value));
    }
    return Parameters(std::move(pairs));
}

Target split_target(std::string_view target) {
    std::optional<std::string_view> authority;
    if (const std::size_t scheme = target.find("://"); scheme != std::string_view::npos && target.front() != '/') {
        target.remove_prefix(scheme + 3);
        authority = target.substr(0, target.find_first_of("/?#"));
        target.remove_prefix(authority->size());
    }
    target = target.substr(0, target.find('#'));
    const std::size_t mark = std::min(target.find('?'), target.size());
    const std::string_view path = target.substr(0, mark);
    return {authority, path.empty() ? "/" : path, target.substr(std::min(mark + 1, target.size()))};
}

}  // namespace dproxy::admin
