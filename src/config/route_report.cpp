// SPDX-License-Identifier: MIT
#include "config/route_report.hpp"

#include <boost/json.hpp>
#include <utility>

#include "config/excerpt.hpp"
#include "config/typed_values.hpp"
#include "routing/setting_names.hpp"

namespace dproxy::config {
namespace {

namespace json = boost::json;
using routing::RouteSettings;

std::string hedge_text(const RouteSettings& settings) {
    switch (settings.hedge) {
        case routing::Hedge::off: return "off";
        case routing::Hedge::p95: return "p95";
        case routing::Hedge::after: return duration_text(settings.hedge_after);
    }
    return "";
}

json::array targets_json(const std::vector<routing::Target>& targets) {
    json::array list;
    for (const auto& target : targets) {
        list.emplace_back(target.host.empty() ? target.endpoint.to_string()
                                              : target.host + ":" + std::to_string(target.endpoint.port));
    }
    return list;
}

json::array networks_json(const net::NetworkList& networks) {
    json::array list;
    for (const auto& network : networks.networks()) {
        list.emplace_back(network.to_string());
    }
    return list;
}

/// Where a route stands and where it sends queries.
json::object route_json(const routing::RouteTable& table, std::string_view pattern, routing::RouteIndex route) {
    const auto source = table.source(route);
    const auto& settings = table.settings(route);
    json::object object{
        {"pattern", pattern}, {"route", table.label(route)}, {"file", source.file}, {"line", source.line}};
    if (settings.answer != routing::LocalAnswer::none) {
        object["answer"] = name_of(settings.answer);
        return object;
    }
    object["upstreams"] = targets_json(settings.targets);
    object["protocol"] = name_of(settings.protocol);
    object["policy"] = name_of(settings.policy);
    return object;
}

/// The rest of what a route says.
void add_details(json::object& object, const RouteSettings& settings) {
    if (!settings.allow_all) {
        object["allow"] = networks_json(settings.allow);
    }
    if (settings.answer != routing::LocalAnswer::none) {
        return;
    }
    object["timeout_ms"] = settings.timeout.count();
    object["attempts"] = settings.attempts;
    json::array rcodes;
    constexpr std::pair<std::uint8_t, std::string_view> fallbacks[] = {{routing::fallback::servfail, "servfail"},
                                                                      {routing::fallback::refused, "refused"},
                                                                      {routing::fallback::nxdomain, "nxdomain"}};
    for (const auto& [bit, name] : fallbacks) {
        if ((settings.fallback_on & bit) != 0) {
            rcodes.emplace_back(name);
        }
    }
    object["fallback_on"] = std::move(rcodes);
    object["hedge"] = hedge_text(settings);
    object["max_inflight"] = settings.max_inflight;
    object["health"] = name_of(settings.health);
    object["client_subnet"] = settings.client_subnet ? "add" : "off";
    object["proxy_protocol"] = settings.proxy_protocol ? "v2" : "off";
    if (!settings.tls_name.empty()) {
        object["tls_name"] = settings.tls_name;
    }
}

/// Where names without a route go.
json::object otherwise_json(const Settings& settings) {
    if (!settings.use_master_upstream) {
        return {{"result", report_none}, {"answer", name_of(settings.no_route_answer)}};
    }
    json::object object{{"result", report_master}, {"upstreams", targets_json(settings.master_upstream)}};
    if (settings.master_is_system) {
        object["system"] = true;
    }
    object["allow"] = networks_json(settings.master_allow);
    return object;
}

std::string_view reason_of_loss(std::string_view winner, std::string_view loser) {
    if (loser == "*") {
        return "`*` takes only names that nothing else matches";
    }
    return winner.starts_with('*') ? "the longer wildcard wins" : "an exact name wins over a wildcard";
}

json::array lost_json(const routing::RouteTable& table, const std::vector<routing::RouteTable::Entry>& matches,
                      const Settings& settings) {
    json::array lost;
    for (std::size_t i = 1; i < matches.size(); ++i) {
        auto object = route_json(table, matches[i].pattern, matches[i].route);
        object["reason"] = reason_of_loss(matches.front().pattern, matches[i].pattern);
        lost.push_back(std::move(object));
    }
    if (settings.use_master_upstream && !matches.empty()) {
        auto object = otherwise_json(settings);
        object["reason"] = "every route wins over the master upstream";
        lost.push_back(std::move(object));
    }
    return lost;
}

}  // namespace

ParsedRouteQuestion parse_route_question(std::string_view name, std::string_view type) {
    ParsedRouteQuestion parsed;
    const auto read = dns::Name::parse(name, true);
    if (read.fault) {
        parsed.fault = "the name " + excerpt(name) + " cannot be read: " + std::string(dns::describe(*read.fault));
        return parsed;
    }
    parsed.question.name = read.name;
    if (!type.empty()) {
        const int number = dns::parse_type(type);
        if (number < 0) {
            parsed.fault = "the type " + excerpt(type) + " was found; expected one such as A, MX or TYPE65280";
            return parsed;
        }
        parsed.question.type = static_cast<std::uint16_t>(number);
    }
    return parsed;
}

json::value explain_report(const routing::RouteTable& table, const Settings& settings, const RouteQuestion& question) {
    json::object report{{"name", question.name.to_text()}};
    if (question.type) {
        report["type"] = dns::type_name(*question.type);
    }
    const auto matches = table.matches(question.name.wire());
    json::object winner;
    if (matches.empty()) {
        winner = otherwise_json(settings);
    } else {
        winner = route_json(table, matches.front().pattern, matches.front().route);
        report["result"] = report_route;
        add_details(winner, table.settings(matches.front().route));
    }
    for (auto& member : winner) {
        report[member.key()] = std::move(member.value());
    }
    report["lost"] = lost_json(table, matches, settings);
    if (question.type == dns::type::ds) {
        report["remark"] =
            "DS records stand in the parent zone, but the type plays no part here: the question goes with its name. "
            "Give the parent zone a route of its own, so that resolvers find them there.";
    }
    return report;
}

std::string routes_json(const routing::RouteTable& table, const Settings& settings) {
    // Written route by route: the whole as one value would take several times its text.
    std::string text = "{\"routes\":[";
    std::string_view separator;
    for (const auto& entry : table.entries()) {
        text += separator;
        text += json::serialize(route_json(table, entry.pattern, entry.route));
        separator = ",";
    }
    return text + "],\"otherwise\":" + json::serialize(otherwise_json(settings)) + "}";
}

std::string routes_text(const routing::RouteTable& table, const Settings& settings) {
    return routes_text(json::parse(routes_json(table, settings)));
}

}  // namespace dproxy::config
