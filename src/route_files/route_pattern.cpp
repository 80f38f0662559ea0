// SPDX-License-Identifier: MIT
#include "route_files/route_pattern.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <utility>

#include "ini/excerpt.hpp"

namespace dproxy::config {
namespace {

using routing::PatternKind;

std::string bad(std::string_view text, std::string_view why) {
    return excerpt(text) + " is not a pattern: " + std::string(why);
}

/// An asterisk that no backslash makes a plain character.
bool has_wildcard(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
        } else if (text[at] == '*') {
            return true;
        }
    }
    return false;
}

/// What names are made of (RFC 1034 3.5), and the underscore of services (RFC 8552).
constexpr auto usual_characters = [] {
    std::array<bool, 256> usual{};
    for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.*")) {
        usual[static_cast<unsigned char>(c)] = true;
    }
    return usual;
}();

/// The first character that is unusual and not escaped; npos where none is.
std::size_t find_unusual(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
        } else if (!usual_characters[static_cast<unsigned char>(text[at])]) {
            return at;
        }
    }
    return std::string_view::npos;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `example.com` of `http://example.com:80/x`, `"example.com"` and `/example.com/`: what names hold, and no port.
std::string_view name_within(std::string_view text) {
    if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
    while (!text.empty() && find_unusual(text.substr(0, 1)) == 0) text.remove_prefix(1);
    return text.substr(0, std::min(find_unusual(text), text.size()));
}

/// Zones of fewer than 256 IPv4 addresses have names with a slash (RFC 2317 4).
bool is_reverse_name(std::string_view text) {
    if (text.ends_with('.')) text.remove_suffix(1);
    constexpr std::string_view zones[] = {".in-addr.arpa", ".ip6.arpa"};
    return std::any_of(std::begin(zones), std::end(zones), [&](std::string_view zone) {
        return text.size() >= zone.size() && equal_words(text.substr(text.size() - zone.size()), zone);
    });
}

/// What is odd about the text, and what to write instead. `at` is where its first unusual character stands.
std::string oddity(std::string_view text, std::size_t at) {
    constexpr std::string_view quotes = "\"'`", separators = ";|&", of_expressions = "^$()?+{}[]~|";
    const std::string_view name = name_within(text);
    const std::string expected = name.empty() ? "a name" : excerpt(name);
    const std::string_view rest = text.substr(at + 1);
    if (quotes.find(text[at]) != std::string_view::npos) {
        return "quotes would be part of the name; expected " + expected;
    }
    if (text.find("://") != std::string_view::npos) return "a name has no scheme before it; expected " + expected;
    if (text[at] == ':' && !rest.empty() && std::all_of(rest.begin(), rest.end(), is_digit)) {
        return "a name has no port; expected " + expected + ", and the upstream's port in `port` or `address`";
    }
    const bool ends_with_number = !rest.empty() && std::all_of(rest.begin(), rest.end(), is_digit);
    if (text[at] == '/' && ends_with_number) {
        return "a pattern is no network; names of addresses are below in-addr.arpa or ip6.arpa, clients are chosen "
               "by `allow`";
    }
    if (text.front() == '/' || of_expressions.find(text[at]) != std::string_view::npos) {
        return "a pattern is no regular expression; expected a name, or `*.example.com` for every name below "
               "example.com";
    }
    if (separators.find(text[at]) != std::string_view::npos) {
        return excerpt(text.substr(at, 1)) + " separates nothing; expected blanks or commas between patterns";
    }
    if (text[at] == '/') return "a name has no path behind it; expected " + expected;
    return "names hold letters, digits, `-` and `_`, but hardly ever " + excerpt(text.substr(at, 1));
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

Parsed<RoutePattern> parse_route_pattern(std::string_view text) {
    RoutePattern pattern;
    std::string fault = parse_route_pattern(text, pattern);
    return fault.empty() ? Parsed<RoutePattern>::good(pattern) : Parsed<RoutePattern>::bad(std::move(fault));
}

std::string parse_route_pattern(std::string_view text, RoutePattern& pattern) {
    pattern.kind = PatternKind::exact;
    if (text == "." || text == "*" || text == "*.") {
        pattern = {PatternKind::below, {}};
        return {};
    }
    std::string_view name = text;
    if (text.starts_with("*.")) {
        pattern.kind = PatternKind::below;
        name.remove_prefix(2);
    } else if (text.starts_with('.')) {
        pattern.kind = PatternKind::both;
        name.remove_prefix(1);
    }
    if (has_wildcard(name)) {
        if (const std::size_t at = find_unusual(text); at != std::string_view::npos) return bad(text, oddity(text, at));
        return bad(text, "`*` may stand alone or as the whole first label, as in `*.example.com`, which matches "
                         "every name below example.com at any depth");
    }
    if (std::any_of(name.begin(), name.end(), is_control)) {
        return bad(text, "it holds a control character; such a byte is written as `\\DDD`");
    }
    if (const auto fault = pattern.name.assign(name, true)) return bad(text, dns::describe(*fault));
    if (pattern.name.is_root()) return bad(text, dns::describe(dns::Name::Fault::empty_label));
    return {};
}

std::string doubt_about_pattern(std::string_view text) {
    const std::size_t at = find_unusual(text);
    if (at == std::string_view::npos || (text[at] == '/' && is_reverse_name(text))) return {};
    return excerpt(text) + " will hardly ever match a name: " + oddity(text, at) +
           " (written as `\\DDD`, a byte in decimal, the character is taken for what is meant)";
}

}  // namespace dproxy::config
