// SPDX-License-Identifier: MIT
#include "config/route_pattern.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "config/excerpt.hpp"

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

}  // namespace dproxy::config
