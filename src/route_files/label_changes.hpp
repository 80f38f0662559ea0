// SPDX-License-Identifier: MIT
// What a reload added, changed and removed, for its line in the log. Files that are the same pointer
// before and after cost nothing but the comparison.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "routing/route_file.hpp"
#include "routing/route_table.hpp"

namespace dproxy::config {

inline constexpr std::size_t max_named_labels = 20;

/// Labels of routes: the first ones by their bytes, and how many there are besides.
struct LabelList {
    std::vector<std::string> named;
    std::size_t more = 0;
    std::size_t size() const { return named.size() + more; }
};

struct LabelChanges {
    LabelList added;
    LabelList changed;  ///< the same label with other settings, with another list, or in another file
    LabelList removed;
    bool empty() const { return added.size() + changed.size() + removed.size() == 0; }
};

/// What a table was built from.
struct RoutesInForce {
    std::vector<std::shared_ptr<const routing::RouteFile>> files;  ///< in the order of precedence
    std::vector<routing::Duplicate> left_out;                      ///< sorted
};

LabelChanges changes_between(const RoutesInForce& before, const RoutesInForce& after);

}  // namespace dproxy::config
