// SPDX-License-Identifier: MIT
// Of the history, what the page at / shows: the last ten minutes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "server/history_watch.hpp"

namespace dproxy::server {

/// Routes with charts.
inline constexpr std::size_t max_routes_charted = 5;

struct RecentPast {
    using Seconds = std::vector<telemetry::Period>;  ///< oldest first, as many as are kept
    struct Route {
        std::string label;
        std::uint64_t queries = 0;  ///< in all
        Seconds seconds;
    };
    /// Of an upstream.
    struct Asked {
        std::uint64_t queries = 0;
        std::uint64_t failures = 0;
    };
    Seconds total{};
    std::vector<Route> busiest{};              ///< those that were asked, the busiest first
    std::map<telemetry::Slot, Asked> upstreams{};  ///< of those that have a past
    std::uint64_t asked_upstreams = 0;         ///< the queries of all of these
};

RecentPast recent_past(const HistoryWatch& watch);

}  // namespace dproxy::server
