// SPDX-License-Identifier: MIT
#include "server/left_out.hpp"

#include <unordered_map>
#include <utility>

namespace dproxy::server {
namespace {

using FirstRoutes = std::unordered_map<const routing::RouteSettings*, routing::RouteIndex>;

FirstRoutes first_routes(const routing::RouteTable& table) {
    FirstRoutes routes;
    for (routing::RouteIndex route = 0; route < table.route_count(); ++route) {
        routes.try_emplace(&table.settings(route), route);
    }
    return routes;
}

LeftOutReport describe(const proxy::LeftOut& one, const routing::RouteTable& table, const FirstRoutes& routes) {
    LeftOutReport report{one.endpoint.to_string(), one.host, "(master)", {}, 0};
    const auto route = routes.find(one.settings.get());
    if (route == routes.end()) return report;
    const auto source = table.source(route->second);
    report.route = table.label(route->second);
    report.file = source.file;
    report.line = source.line;
    return report;
}

}  // namespace

void LeftOutList::update(const std::vector<proxy::LeftOut>& left_out, const routing::RouteTable& table,
                         telemetry::Log& log) {
    if (left_out.empty() && entries_.empty()) return;
    std::map<Key, Entry> entries;
    FirstRoutes routes;
    std::size_t told = 0;
    for (const proxy::LeftOut& one : left_out) {
        Key key{one.settings.get(), one.endpoint, one.host};
        if (auto known = entries_.extract(key)) {
            entries.insert(std::move(known));
            continue;
        }
        if (routes.empty()) routes = first_routes(table);
        LeftOutReport report = describe(one, table, routes);
        if (++told > max_left_out_told) {
            entries.emplace(std::move(key), Entry{one.settings, std::move(report)});
            continue;
        }
        log.error("an upstream is dproxy itself: it is left out", {{"address", report.address},
                                                                   {"host", report.host},
                                                                   {"route", report.route},
                                                                   {"file", report.file},
                                                                   {"line", report.line}});
        entries.emplace(std::move(key), Entry{one.settings, std::move(report)});
    }
    if (told > max_left_out_told) {
        log.error("more upstreams are dproxy itself: they are left out", {{"upstreams", told - max_left_out_told}});
    }
    entries_ = std::move(entries);
    std::vector<LeftOutReport> reports;
    for (const auto& [key, entry] : entries_) reports.push_back(entry.report);
    reports_ = std::make_shared<const std::vector<LeftOutReport>>(std::move(reports));
}

}  // namespace dproxy::server
