// SPDX-License-Identifier: MIT
// The patterns of a section, from text.
#pragma once

#include <string>
#include <string_view>

#include "dns/name.hpp"
#include "ini/typed_values.hpp"
#include "routing/route_file.hpp"

namespace dproxy::config {

struct RoutePattern {
    routing::PatternKind kind = routing::PatternKind::exact;
    dns::Name name;  ///< in lower case
};

/// `example.com`, `*.example.com`, `.example.com`, `*`, `.`; a trailing dot and escapes are understood.
Parsed<RoutePattern> parse_route_pattern(std::string_view text);
/// The same into a pattern of the caller's, as a million are read: returns the fault, or nothing.
std::string parse_route_pattern(std::string_view text, RoutePattern& pattern);
/// Of a pattern that can be read: why no name is likely ever to match it, and what was probably meant. Empty where
/// nothing is odd about it. What is written with a backslash is meant.
std::string doubt_about_pattern(std::string_view text);

}  // namespace dproxy::config
