// SPDX-License-Identifier: MIT
// Route files and tables for tests, from lists of patterns.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "dns/name.hpp"
#include "routing/route_file.hpp"
#include "routing/route_table.hpp"

namespace dproxy::routing {

inline dns::Name name_of(std::string_view text, bool lower = false) {
    const auto parsed = dns::Name::parse(text, lower);
    REQUIRE_FALSE(parsed.fault);
    return parsed.name;
}

/// `x`, `*.x`, `.x` or `*`.
inline void add_pattern(RouteFileBuilder& builder, std::string_view text) {
    if (text == "*") return builder.add_pattern(PatternKind::below, {});
    if (text.starts_with("*.")) return builder.add_pattern(PatternKind::below, name_of(text.substr(2), true));
    if (text.starts_with('.')) return builder.add_pattern(PatternKind::both, name_of(text.substr(1), true));
    builder.add_pattern(PatternKind::exact, name_of(text, true));
}

/// A file whose sections stand in lines 1, 11, 21, ... Each section is its patterns, separated by spaces.
inline std::shared_ptr<const RouteFile> file_of(std::string name, const std::vector<std::string>& sections,
                                                std::shared_ptr<const RouteSettings> settings = nullptr) {
    if (!settings) settings = std::make_shared<const RouteSettings>();
    RouteFileBuilder builder(std::move(name));
    std::uint32_t line = 1;
    for (const std::string& section : sections) {
        builder.begin_section(line, section, settings);
        for (std::size_t at = 0; at <= section.size();) {
            const std::size_t end = std::min(section.find(' ', at), section.size());
            add_pattern(builder, std::string_view(section).substr(at, end - at));
            at = end + 1;
        }
        line += 10;
    }
    return builder.finish();
}

inline std::shared_ptr<const RouteTable> table_of(const std::vector<std::string>& sections) {
    auto built = RouteTable::build({file_of("test.prox", sections)});
    REQUIRE(built.duplicates.empty());
    return built.table;
}

/// The label of the route that a name finds, or "(none)".
inline std::string found(const RouteTable& table, std::string_view name) {
    const dns::Name parsed = name_of(name);
    const RouteIndex route = table.find(parsed.wire());
    return route == no_route ? "(none)" : std::string(table.label(route));
}

}  // namespace dproxy::routing
