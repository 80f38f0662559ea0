// SPDX-License-Identifier: MIT
// All routes as JSON, in pieces: a table of millions is told without holding its text.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "routing/route_table.hpp"
#include "settings/settings.hpp"

namespace dproxy::config {

/// The order of a table's patterns, 16 bytes for each. Immutable: several may read it at a time, each at its own place.
class RouteListing {
public:
    static constexpr std::size_t piece_bytes = 64 * 1024;

    RouteListing(std::shared_ptr<const routing::RouteTable> table, const Settings& settings);

    const std::shared_ptr<const routing::RouteTable>& table() const { return table_; }
    /// Appends about piece_bytes from `at`, which begins with 0 and is moved on. False: that was the end.
    bool append(std::size_t& at, std::string& text) const;

private:
    std::shared_ptr<const routing::RouteTable> table_;
    std::vector<routing::RouteTable::Listed> order_;
    std::string otherwise_;
};

}  // namespace dproxy::config
