// SPDX-License-Identifier: MIT
// Patterns as messages and listings write them.
#pragma once

#include <cstddef>
#include <string>

#include "dns/message.hpp"
#include "routing/route_file.hpp"

namespace dproxy::routing {

/// `example.com`, `*.example.com`, `.example.com`, or `*` for what is below the root. `name` is on the wire.
std::string pattern_text(PatternKind kind, dns::Bytes name);
/// The same, behind what stands in `text`.
void append_pattern_text(std::string& text, PatternKind kind, dns::Bytes name);

/// What the longest pattern takes as text, with a blank before it: four bytes for each one that is escaped.
inline constexpr std::size_t pattern_text_room = 4 * dns::max_name_length + 4;

/// Labels of a name on the wire, without the root.
std::size_t label_count(dns::Bytes name);

}  // namespace dproxy::routing
