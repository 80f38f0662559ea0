// SPDX-License-Identifier: MIT
// What an instance does at the moment, read from its /history and /status: no sockets, no terminal.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dproxy::cli {

/// Means over the last seconds, those of which nothing is known left out.
struct Pace {
    double queries = 0;            ///< a second
    double failures = 0;           ///< a second
    std::optional<double> p50_ms;  ///< by the second, weighted by its queries
    std::optional<double> p99_ms;  ///< of the worst second
};

/// A route or an upstream.
struct TopLine {
    std::string name;
    Pace pace;
    std::optional<bool> up;  ///< of an upstream, where it is known
};

struct TopFacts {
    std::string version;
    std::uint64_t uptime_s = 0;
    std::uint64_t workers = 0;
    std::string not_ready;  ///< why; empty: it is ready
    std::uint64_t inflight = 0;
    Pace total;
    std::vector<TopLine> routes;
    std::vector<TopLine> upstreams;
    std::uint64_t left_out = 0;  ///< routes and upstreams that it tells nothing of
};

/// Of both answers; nothing where one is another program's.
std::optional<TopFacts> read_top(const boost::json::value& history, const boost::json::value& status);

}  // namespace dproxy::cli
