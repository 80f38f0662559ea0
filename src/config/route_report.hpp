// SPDX-License-Identifier: MIT
// What is routed where, for people and for programs: `dproxy routes` and `dproxy explain`, and the same
// of a running instance at /routes and /explain. The text is made from the JSON, so that both say the same.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/settings.hpp"
#include "dns/name.hpp"
#include "routing/route_table.hpp"

namespace dproxy::config {

/// Values of "result".
inline constexpr std::string_view report_route = "route";
inline constexpr std::string_view report_master = "master";
inline constexpr std::string_view report_none = "none";

/// The question that `explain` answers.
struct RouteQuestion {
    dns::Name name;
    std::optional<std::uint16_t> type;
};
struct ParsedRouteQuestion {
    RouteQuestion question;
    std::string fault;  ///< a sentence that says what was found and what was expected; else empty
};
/// `type` may be empty.
ParsedRouteQuestion parse_route_question(std::string_view name, std::string_view type);

/// {"name", "type", "result": "route" | "master" | "none", what the winner is and does, "lost": [...], "remark"}.
/// Documented in docs/operations.md.
boost::json::value explain_report(const routing::RouteTable& table, const Settings& settings,
                                  const RouteQuestion& question);
/// The report of this or of another instance; what it does not hold is left out.
std::string explain_text(const boost::json::value& report);

/// {"routes": [...], "otherwise": {...}}: each pattern, the most specific first, and where all other names go.
std::string routes_json(const routing::RouteTable& table, const Settings& settings);
/// The same as a table of three columns.
std::string routes_text(const routing::RouteTable& table, const Settings& settings);
std::string routes_text(const boost::json::value& report);

}  // namespace dproxy::config
