// SPDX-License-Identifier: MIT
// A search over routes for the page at /, in slices: a table of millions holds nobody up, and a slow reader holds no
// table. Held by whoever asked, with nothing but what it searches for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "publication/publication.hpp"
#include "server/counter_sums.hpp"
#include "server/page_table.hpp"

namespace dproxy::server {

/// In one slice, before others have their turn.
inline constexpr routing::RouteIndex max_routes_in_a_slice = 20'000;

class RouteSearch {
public:
    /// Of the table that this publication has. `wanted` is a part of a section as it is written, or of an upstream's
    /// address or name as it is written; in any case.
    RouteSearch(std::string_view wanted, const proxy::Publication& publication);

    /// Adds what the next slice brings, as HTML; of very many the first max_page_rows. False: that was the end.
    /// `publication` is that of now; where it has another table, the search ends and says so.
    bool append(const proxy::Publication& publication, const Workers& counters, std::string& page);

private:
    bool fits(const routing::RouteTable& table, routing::RouteIndex route);
    void end(std::string_view words, std::string& page) const;

    std::string wanted_;  ///< in lower case
    std::uint64_t table_serial_;
    std::string label_{};  ///< kept for its room
    routing::RouteIndex at_ = 0;
    std::optional<PageTable> found_{};  ///< from the first one on
    std::optional<std::uint32_t> settings_{};  ///< that were looked at last, and
    bool settings_fit_ = false;                ///< whether an upstream of them fits
};

}  // namespace dproxy::server
