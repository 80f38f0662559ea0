// SPDX-License-Identifier: MIT
#include "reports/route_report.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "dns/designated_resolvers.hpp"
#include "dns/message.hpp"
#include "ini/excerpt.hpp"
#include "ini/typed_values.hpp"
#include "reports/route_listing.hpp"
#include "routing/setting_names.hpp"

namespace dproxy::config {
namespace {

namespace json = boost::json;
using routing::RouteSettings;
using Entry = routing::RouteTable::Entry;

constexpr std::string_view not_for_this_client = "not for this client";

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

json::array networks_json(const std::vector<net::Network>& networks) {
    json::array list;
    for (const auto& network : networks) {
        list.emplace_back(network.to_string());
    }
    return list;
}

json::array types_json(const std::vector<std::uint16_t>& types) {
    json::array list;
    for (const std::uint16_t type : types) list.emplace_back(dns::type_name(type));
    return list;
}

/// Where a route stands and where it sends queries.
json::object route_json(const routing::RouteTable& table, std::string_view pattern, routing::RouteIndex route) {
    const auto source = table.source(route);
    const auto& settings = table.settings(route);
    json::object object{
        {"pattern", pattern}, {"route", table.label(route)}, {"file", source.file}, {"line", source.line}};
    const routing::Audience& audience = settings.audience;
    if (!audience.clients.empty()) object["clients"] = networks_json(audience.clients);
    if (!audience.types.empty()) object["types"] = types_json(audience.types);
    if (settings.answer != routing::LocalAnswer::none) {
        object["answer"] = answer_text(settings);
        return object;
    }
    object["upstreams"] = targets_json(settings.targets);
    object["protocol"] = name_of(settings.protocol);
    object["policy"] = name_of(settings.policy);
    return object;
}

/// Where the pattern stands in a list, if it does.
void add_list_place(json::object& object, const std::optional<routing::RouteTable::Source>& place) {
    if (!place) return;
    object["list"] = place->file;
    object["list_line"] = place->line;
}

/// A pattern that matches a name.
json::object match_json(const routing::RouteTable& table, const routing::RouteTable::Entry& match) {
    json::object object = route_json(table, match.pattern, match.route);
    std::string_view domain = match.pattern;
    if (domain.starts_with('*')) domain.remove_prefix(domain.size() > 1 ? 2 : 1);
    const auto parsed = dns::Name::parse(domain.empty() ? "." : domain, true);
    if (const auto* list = table.list_of(match.route)) object["patterns"] = list->name();
    add_list_place(object, table.source_in_list(match.route, parsed.name.wire()));
    return object;
}

json::array fallback_json(std::uint8_t fallback_on) {
    json::array rcodes;
    constexpr std::pair<std::uint8_t, std::string_view> fallbacks[] = {{routing::fallback::servfail, "servfail"},
                                                                      {routing::fallback::refused, "refused"},
                                                                      {routing::fallback::nxdomain, "nxdomain"}};
    for (const auto& [bit, name] : fallbacks) {
        if ((fallback_on & bit) != 0) rcodes.emplace_back(name);
    }
    return rcodes;
}

/// What goes with a cache is told where there is one.
void add_keeping(const routing::Keeping& keeping, json::object& object) {
    object["cache"] = keeping.cache ? "on" : "off";
    object["merge"] = keeping.merge ? "on" : "off";
    if (!keeping.cache) return;
    object["cache_ttl"] = duration_text(keeping.least) + '-' + duration_text(keeping.most);
    object["cache_negative"] = duration_text(keeping.negative);
    object["cache_stale"] = keeping.stale.count() == 0 ? "off" : duration_text(keeping.stale);
    if (keeping.stale.count() != 0) object["cache_stale_after"] = duration_text(keeping.stale_after);
    object["cache_prefetch"] = keeping.prefetch == 0 ? "off" : std::to_string(keeping.prefetch);
}

/// Which keys of a route are told: in a list of many, those that are not at their defaults.
enum class Details : std::uint8_t { all, unusual };

/// What differs only in the text of a file is told apart by a digest, as a changed authority is another way.
void add_encryption(json::object& object, const routing::TlsSettings& tls) {
    const auto add_file = [&](std::string_view key, const routing::TextBeside& file) {
        if (!file.is_given()) return;
        object[key] = file.name;
        object[std::string(key) + "_hash"] = file.digest;
    };
    if (!tls.name.empty()) object["tls_name"] = tls.name;
    if (!tls.verify) object["tls_verify"] = "off";
    if (!tls.pins.empty()) object["tls_pin"] = json::array(tls.pins.begin(), tls.pins.end());
    add_file("tls_ca", tls.authorities);
    add_file("tls_cert", tls.certificate);
    if (tls.key.is_given()) object["tls_key"] = tls.key.name;  // nothing of the key itself, not even a digest
}

/// The rest of what a route says.
void add_details(json::object& object, const RouteSettings& settings, Details wanted) {
    static const RouteSettings usual{};
    const auto is_told = [&](const auto field) {
        return wanted == Details::all || settings.*field != usual.*field;
    };
    if (!settings.allow_all) object["allow"] = networks_json(settings.allow.networks());
    if (settings.query_log) object["querylog"] = one_in_text(*settings.query_log);
    if (settings.answer == routing::LocalAnswer::addresses && is_told(&RouteSettings::ttl)) {
        object["ttl_s"] = settings.ttl.count();
    }
    if (settings.answer != routing::LocalAnswer::none) return;
    if (is_told(&RouteSettings::timeout)) object["timeout_ms"] = settings.timeout.count();
    if (is_told(&RouteSettings::attempts)) object["attempts"] = settings.attempts;
    if (is_told(&RouteSettings::fallback_on)) object["fallback_on"] = fallback_json(settings.fallback_on);
    if (is_told(&RouteSettings::hedge)) object["hedge"] = hedge_text(settings);
    if (is_told(&RouteSettings::keeping)) add_keeping(settings.keeping, object);
    if (is_told(&RouteSettings::max_inflight)) object["max_inflight"] = settings.max_inflight;
    if (is_told(&RouteSettings::health)) object["health"] = name_of(settings.health);
    if (settings.probe) {
        object["probe"] = settings.probe->name + ' ' + std::string(dns::type_name(settings.probe->type));
    }
    if (is_told(&RouteSettings::client_subnet)) object["client_subnet"] = settings.client_subnet ? "add" : "off";
    if (is_told(&RouteSettings::proxy_protocol)) object["proxy_protocol"] = settings.proxy_protocol ? "v2" : "off";
    if (!settings.https_path.empty()) object["https_path"] = settings.https_path;
    if (is_encrypted(settings.protocol)) add_encryption(object, settings.tls);
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
    object["allow"] = networks_json(settings.master_allow.networks());
    return object;
}

/// Of those that the client is in, its bits; 0 for none.
unsigned longest_network(const routing::Audience& audience, const routing::Asker& asker) {
    unsigned longest = 0;
    for (const net::Network& network : audience.clients) {
        if (network.contains(*asker.client)) longest = std::max(longest, network.prefix + 1u);
    }
    return longest;
}

/// Of two sections with one pattern that the query sees.
std::string_view reason_of_loss(const routing::Audience& winner, const routing::Audience& loser,
                                const routing::Asker& asker) {
    if (!winner.clients.empty() && loser.clients.empty()) return "a section for the client's network wins";
    if (!winner.clients.empty() && longest_network(winner, asker) != longest_network(loser, asker)) {
        return "the section with the longer network wins";
    }
    return !winner.types.empty() && loser.types.empty() ? "a section for the type wins" : "it stands later";
}

std::string_view reason_of_loss(const routing::RouteTable& table, const Entry& winner, const Entry& loser,
                                const routing::Asker& asker) {
    const routing::Audience& audience = table.settings(loser.route).audience;
    if (!audience.is_for_client(asker)) return not_for_this_client;
    if (!audience.is_for_type(asker)) return "not for this type";
    if (loser.pattern == winner.pattern) {
        return reason_of_loss(table.settings(winner.route).audience, audience, asker);
    }
    if (loser.pattern == "*") {
        return "`*` takes only names that nothing else matches";
    }
    return winner.pattern.starts_with('*') ? "the longer wildcard wins" : "an exact name wins over a wildcard";
}

/// `winner`: its place in the matches, or their end.
json::array lost_json(const routing::RouteTable& table, const std::vector<Entry>& matches,
                      std::vector<Entry>::const_iterator winner, const Settings& settings,
                      const routing::Asker& asker) {
    json::array lost;
    for (auto one = matches.begin(); one != matches.end(); ++one) {
        if (one == winner) continue;
        auto object = match_json(table, *one);
        // Where none won, none of them is for this query.
        object["reason"] = reason_of_loss(table, winner == matches.end() ? *one : *winner, *one, asker);
        lost.push_back(std::move(object));
    }
    if (settings.use_master_upstream && winner != matches.end()) {
        auto object = otherwise_json(settings);
        object["reason"] = "every route wins over the master upstream";
        lost.push_back(std::move(object));
    }
    return lost;
}

/// Why another answer is given than stands there.
std::string remark_on_answer(const routing::RouteTable& table, dns::Bytes name) {
    return "NODATA in place of NXDOMAIN: the pattern " + table.pattern_below(name) +
           " stands below this name, and NXDOMAIN would hold for all below (RFC 8020).";
}

/// A route as it stands in the list of all.
json::object listed_json(const routing::RouteTable& table, const routing::RouteTable::Listed& listed) {
    const auto entry = routing::RouteTable::entry_of(listed);
    auto object = route_json(table, entry.pattern, entry.route);
    add_list_place(object, table.source_in_list(entry.route, listed.name));
    add_details(object, table.settings(entry.route), Details::unusual);
    return object;
}

/// What else would have to be said of the query, for a route to be found that is for some queries only.
std::string remark_on_asker(const routing::RouteTable& table, const std::vector<Entry>& matches,
                            const RouteQuestion& question) {
    const auto any = [&](auto has) {
        return std::any_of(matches.begin(), matches.end(),
                           [&](const Entry& one) { return has(table.settings(one.route).audience); });
    };
    std::string remark;
    if (!question.client && any([](const routing::Audience& audience) { return !audience.clients.empty(); })) {
        remark = "Some sections are for certain clients: name one by `--client ADDRESS`.";
    }
    if (!question.type && any([](const routing::Audience& audience) { return !audience.types.empty(); })) {
        remark += remark.empty() ? "" : " ";
        remark += "Some sections are for certain types: without one, A is meant.";
    }
    return remark;
}

}  // namespace

ParsedRouteQuestion parse_route_question(std::string_view name, std::string_view type, std::string_view client) {
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
    if (!client.empty()) {
        parsed.question.client = net::Address::parse(client);
        if (!parsed.question.client) {
            parsed.fault =
                "the client " + excerpt(client) + " was found; expected an address such as 192.0.2.1 or 2001:db8::1";
        }
    }
    return parsed;
}

json::value explain_report(const routing::RouteTable& table, const Settings& settings, const RouteQuestion& question) {
    json::object report{{"name", question.name.to_text()}};
    if (question.type) report["type"] = dns::type_name(*question.type);
    if (question.client) report["client"] = question.client->to_string();
    const auto name = question.name.wire();
    const routing::Asker asker{question.client ? &*question.client : nullptr, question.type.value_or(dns::type::a)};
    const auto matches = table.matches(name);
    const routing::RouteIndex route = table.find(name, asker);
    const auto winner =
        std::find_if(matches.begin(), matches.end(), [route](const Entry& one) { return one.route == route; });
    json::object object;
    if (winner == matches.end()) {
        object = otherwise_json(settings);
    } else {
        object = match_json(table, *winner);
        report["result"] = report_route;
        add_details(object, table.settings(route), Details::all);
    }
    std::vector<std::string> remarks;
    if (object.contains("answer")) {
        const auto written = winner == matches.end() ? settings.no_route_answer : table.settings(route).answer;
        if (table.truthful(written, name) != written) {
            object["answer"] = name_of(table.truthful(written, name));
            remarks.push_back(remark_on_answer(table, name));
        }
    }
    for (auto& member : object) {
        report[member.key()] = std::move(member.value());
    }
    report["lost"] = lost_json(table, matches, winner, settings, asker);
    remarks.push_back(remark_on_asker(table, matches, question));
    const bool by_name_alone = route == routing::no_route || table.settings(route).audience.types.empty();
    if (question.type == dns::type::ds && by_name_alone) {
        remarks.emplace_back(
            "DS records stand in the parent zone, but the type plays no part here: the question goes with its name. "
            "Give the parent zone a route of its own, so that resolvers find them there.");
    }
    if (settings.tls.told_name && dns::DesignatedResolvers::is_within_resolver_arpa(name)) {
        remarks.emplace_back("As ddr_name is set, names below resolver.arpa are answered here, whatever their route.");
    }
    std::string remark;
    for (const std::string& one : remarks) remark += (remark.empty() || one.empty() ? "" : " ") + one;
    if (!remark.empty()) report["remark"] = remark;
    return report;
}

void each_route(const routing::RouteTable& table, const std::function<void(const json::object&)>& take) {
    for (const auto& listed : table.listed()) take(listed_json(table, listed));
}

std::string otherwise_json_text(const Settings& settings) { return json::serialize(otherwise_json(settings)); }

RouteListing::RouteListing(std::shared_ptr<const routing::RouteTable> table, const Settings& settings)
    : table_(std::move(table)), order_(table_->listed()), otherwise_(json::serialize(otherwise_json(settings))) {}

bool RouteListing::append(std::size_t& at, std::string& text) const {
    if (at == 0) text += "{\"routes\":[";
    for (const std::size_t end = text.size() + piece_bytes; at < order_.size(); ++at) {
        if (text.size() >= end) return true;
        if (at > 0) text += ',';
        text += json::serialize(listed_json(*table_, order_[at]));
    }
    text += "],\"otherwise\":" + otherwise_ + "}";
    return false;
}

std::string routes_json(const routing::RouteTable& table, const Settings& settings) {
    const RouteListing listing({std::shared_ptr<const void>(), &table}, settings);  // the caller's, for so long
    std::string text;
    for (std::size_t at = 0; listing.append(at, text);) continue;
    return text;
}

std::string routes_text(const routing::RouteTable& table, const Settings& settings) {
    return routes_text(json::parse(routes_json(table, settings)));
}

}  // namespace dproxy::config
