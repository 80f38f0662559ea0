// SPDX-License-Identifier: MIT
// What is routed where, for people and for programs: `dproxy routes` and `dproxy explain`, and the same
// of a running instance at /routes and /explain. The text is made from the JSON, so that both say the same.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "dns/name.hpp"
#include "routing/route_table.hpp"
#include "settings/settings.hpp"

namespace dproxy::config {

/// Values of "result".
inline constexpr std::string_view report_route = "route";
inline constexpr std::string_view report_master = "master";
inline constexpr std::string_view report_none = "none";

/// The question that `explain` answers.
struct RouteQuestion {
    dns::Name name;
    std::optional<std::uint16_t> type;  ///< none: A, where the type plays a part
    std::optional<net::Address> client; ///< none: who sees what is meant for all clients
};
struct ParsedRouteQuestion {
    RouteQuestion question;
    std::string fault;  ///< a sentence that says what was found and what was expected; else empty
};
/// `type` and `client` may be empty.
ParsedRouteQuestion parse_route_question(std::string_view name, std::string_view type, std::string_view client = {});

/// {"name", "type", "result": "route" | "master" | "none", what the winner is and does, "lost": [...], "remark"}.
/// Documented in docs/operations.md.
boost::json::value explain_report(const routing::RouteTable& table, const Settings& settings,
                                  const RouteQuestion& question);
/// The report of this or of another instance; what it does not hold is left out.
std::string explain_text(const boost::json::value& report);

/// Each route of routes_json(), in its order, as the object that stands there.
void each_route(const routing::RouteTable& table, const std::function<void(const boost::json::object&)>& take);
/// Where names without a route go: "otherwise" of routes_json().
std::string otherwise_json_text(const Settings& settings);

/// {"routes": [...], "otherwise": {...}}: each pattern, the most specific first, and where all other names go. Of a
/// route's keys it has those that are not at their defaults.
std::string routes_json(const routing::RouteTable& table, const Settings& settings);
/// The same as a table of three columns.
std::string routes_text(const routing::RouteTable& table, const Settings& settings);
std::string routes_text(const boost::json::value& report);

}  // namespace dproxy::config
