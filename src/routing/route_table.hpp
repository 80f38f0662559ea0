// SPDX-License-Identifier: MIT
// The route table: from a name to the route that is the most specific for it (DESIGN 2.2). Built once,
// then immutable: any thread may read it. Lookup neither allocates nor locks, and its cost depends on
// the labels of the name, not on the number of routes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dns/message.hpp"
#include "routing/route_settings.hpp"

namespace dproxy::routing {

/// A route is a section of a file; its index is good for one table only.
using RouteIndex = std::uint32_t;
inline constexpr RouteIndex no_route = 0xffffffff;

class RouteTable {
public:
    struct Source {
        std::string_view file;  ///< as the messages write it, `directory/name`
        std::uint32_t line = 0;
    };
    /// One pattern of a route, in the effective order: what matches a name, or the whole table.
    struct Entry {
        std::string pattern;  ///< `example.com`, `*.example.com`, `*`, as normalised text
        RouteIndex route = no_route;
    };

    /// `name` is on the wire, uncompressed, in any case, with the root label: as read_question found it.
    RouteIndex find(dns::Bytes name) const noexcept;

    std::size_t route_count() const noexcept;
    /// The section as written, single spaces between patterns: the metric label.
    std::string_view label(RouteIndex route) const noexcept;
    Source source(RouteIndex route) const noexcept;
    /// A hash of the label: the same in every table that has the route.
    std::uint64_t key(RouteIndex route) const noexcept;
    const RouteSettings& settings(RouteIndex route) const noexcept;
    /// Into settings_list(): few, as equal settings are stored once.
    std::uint32_t settings_index(RouteIndex route) const noexcept;
    const std::vector<std::shared_ptr<const RouteSettings>>& settings_list() const noexcept;

    /// Every pattern that matches the name, the winner first: for `explain`.
    std::vector<Entry> matches(dns::Bytes name) const;
    /// Every pattern, most specific first (exact before wildcard, more labels before fewer, then by name): for `routes`.
    std::vector<Entry> entries() const;
};

}  // namespace dproxy::routing
