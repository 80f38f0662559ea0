// SPDX-License-Identifier: MIT
// The patterns of a section (DESIGN 2.2), from text.
#pragma once

#include <string>
#include <string_view>

#include "config/typed_values.hpp"
#include "dns/name.hpp"
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

}  // namespace dproxy::config
