// SPDX-License-Identifier: MIT
// Routes, and the files they stand in.
// Held by tests/unit/server/status_page_test.cpp.
#include <atomic>
#include <utility>

#include "admin/html.hpp"
#include "routing/setting_names.hpp"
#include "server/counter_sums.hpp"
#include "server/page_sections.hpp"
#include "server/page_words.hpp"

namespace dproxy::server {

using admin::html;
using telemetry::WorkerCounters;

namespace {

/// Queries and SERVFAIL of a route; beyond the limit of labels they are not known.
std::pair<std::string, std::string> route_counts(telemetry::Slot slot, const Workers& counters) {
    if (slot == telemetry::other_slot) return {};
    const std::uint64_t queries =
        sum(counters, [&](const WorkerCounters& worker) { return worker.route(slot).requests.value(); });
    const std::uint64_t failed = sum(counters, [&](const WorkerCounters& worker) {
        return worker.route(slot).responses[telemetry::RcodeLabel::servfail].value();
    });
    return {std::to_string(queries), std::to_string(failed)};
}

}  // namespace

std::string destination(const proxy::Pool& pool, const proxy::PoolSet& pools) {
    const std::string answer = answer_text(*pool.settings);
    if (!answer.empty()) return "answers " + answer;
    std::string text;
    for (std::size_t i = 0; i < pool.upstreams.size() && i < max_page_upstreams; ++i) {
        const proxy::UpstreamSpec& upstream = pools.upstreams[pool.upstreams[i]];
        const std::string address = upstream.key.endpoint.to_string();
        const bool is_up = upstream.health->up.load(std::memory_order_relaxed);
        text += (i ? ", " : "") + (is_up ? html(address) : bad(address + " (down)"));
    }
    if (pool.upstreams.size() > max_page_upstreams) {
        text += " and " + std::to_string(pool.upstreams.size() - max_page_upstreams) + " more";
    }
    if (!text.empty()) return text;
    if (pool.why_empty == telemetry::Rejection::not_ready) return bad("host names without an address yet");
    return bad(pool.why_empty == telemetry::Rejection::loop ? "dproxy itself" : "no upstream");
}

PageTable table_of_routes(std::string_view caption, std::string& page) {
    return PageTable(caption, {"Route", "Goes to", "File", "#Queries", "#SERVFAIL"}, page);
}

void add_route(const proxy::Publication& publication, routing::RouteIndex route,
               const std::vector<const WorkerCounters*>& counters, PageTable& table, std::string& page) {
    const routing::RouteTable& routes = *publication.table;
    const proxy::PoolSet& pools = *publication.pools;
    const auto source = routes.source(route);
    const auto [queries, failed] = route_counts((*publication.route_slots)[route], counters);
    table.add({html(routes.label(route)), destination(pools.pools[routes.settings_index(route)], pools),
               html(source.file) + ":" + std::to_string(source.line), queries, failed},
              page);
}

void add_routes(const StatusFacts& facts, std::string& page) {
    const proxy::Publication& publication = *facts.publication;
    const routing::RouteTable& routes = *publication.table;
    add_heading("routes", "Routes", page);
    page += "<p>In the order of their files. " + std::string(in_routes) +
            " has them by precedence. Queries and SERVFAIL: since the start.</p>\n";
    PageTable table = table_of_routes("Routes", page);
    const proxy::PoolSet& pools = *publication.pools;
    if (pools.master != proxy::no_pool) {
        const auto [queries, failed] = route_counts(telemetry::master_slot, facts.counters);
        table.add({"(master)", destination(pools.pools[pools.master], pools), "", queries, failed}, page);
    }
    const auto [unrouted, unrouted_failed] = route_counts(telemetry::no_route_slot, facts.counters);
    table.add({"(none)", "names without a route", "", unrouted, unrouted_failed}, page);
    const std::size_t rows = table.rows();
    for (routing::RouteIndex route = 0; route < routes.route_count() && !table.is_full(); ++route) {
        add_route(publication, route, facts.counters, table, page);
    }
    table.end(rows + routes.route_count(), in_routes, page);
}

/// Broken ones come first.
void add_files(const StatusFacts& facts, std::string& page) {
    const auto& files = facts.routes->files;
    add_heading("files", "Route files", page);
    PageTable table("Route files", {"File", "State"}, page);
    for (const bool wanted : {false, true}) {
        for (const config::RouteFileState& file : files) {
            if (table.is_full()) break;
            if (file.valid != wanted) continue;
            const std::string_view fault = file.in_force ? "has a fault; its last good version is in force"
                                                         : "has a fault, and there is no good version of it";
            table.add({html(file.name), file.valid ? good("in force") : bad(fault)}, page);
        }
    }
    table.end(files.size(), in_status, page);
}

}  // namespace dproxy::server
