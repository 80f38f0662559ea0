// SPDX-License-Identifier: MIT
#include "config/route_pattern.hpp"

#include <algorithm>
#include <string>

#include "config/excerpt.hpp"

namespace dproxy::config {
namespace {

using Pattern = Parsed<RoutePattern>;
using routing::PatternKind;

Pattern bad(std::string_view text, std::string_view why) {
    return Pattern::bad(excerpt(text) + " is not a pattern: " + std::string(why));
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

Pattern parse_route_pattern(std::string_view text) {
    if (text == "." || text == "*" || text == "*.") return Pattern::good({PatternKind::below, {}});

    RoutePattern pattern;
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
    const dns::Name::Parsed parsed = dns::Name::parse(name, true);
    if (parsed.fault) return bad(text, dns::describe(*parsed.fault));
    if (parsed.name.is_root()) return bad(text, dns::describe(dns::Name::Fault::empty_label));
    pattern.name = parsed.name;
    return Pattern::good(pattern);
}

}  // namespace dproxy::config
