// SPDX-License-Identifier: MIT
#include "server/status_page.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/html.hpp"
#include "ini/counted.hpp"
#include "reports/rfc3339.hpp"
#include "routing/setting_names.hpp"
#include "server/cache_sums.hpp"
#include "server/counter_sums.hpp"

namespace dproxy::server {
namespace {

using admin::html;
using telemetry::WorkerCounters;

constexpr std::string_view head =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<link rel=\"icon\" href=\"data:,\">\n"
    "<title>dproxy</title>\n<style>\n"
    ":root { color-scheme: light dark; font: 15px/1.4 system-ui, sans-serif }\n"
    "body { margin: 1.5em auto; max-width: 75em; padding: 0 1em }\n"
    "h2 { font-size: 1.1em; margin: 1.6em 0 .4em }\n"
    "table { border-collapse: collapse; width: 100% }\n"
    "th, td { border-bottom: 1px solid #8884; padding: .2em .8em .2em 0; text-align: left; vertical-align: top }\n"
    "td { overflow-wrap: anywhere }\n.n { text-align: right; white-space: nowrap }\n"
    ".bad { color: #d33; font-weight: 600 }\n.good { color: #2a8a3e }\n"
    "</style>\n</head>\n<body>\n";

/// Rows of cells, up to max_page_rows of them.
class Table {
public:
    /// A heading that begins with # is one of numbers.
    Table(std::string& page, std::vector<std::string_view> headings) : page_(page), headings_(std::move(headings)) {
        page_ += "<table>\n<tr>";
        for (std::size_t i = 0; i < headings_.size(); ++i) {
            page_ += is_number(i) ? "<th class=\"n\">" : "<th>";
            page_ += headings_[i].substr(is_number(i) ? 1 : 0);
            page_ += "</th>";
        }
        page_ += "</tr>\n";
    }
    std::size_t rows() const { return rows_; }
    bool is_full() const { return rows_ >= max_page_rows; }
    /// Cells are HTML already.
    void add(const std::vector<std::string>& cells) {
        ++rows_;
        page_ += "<tr>";
        for (std::size_t i = 0; i < cells.size(); ++i) {
            page_ += is_number(i) ? "<td class=\"n\">" : "<td>";
            page_ += cells[i];
            page_ += "</td>";
        }
        page_ += "</tr>\n";
    }
    /// `total`: rows that there would be. `where` is HTML.
    void end(std::size_t total, std::string_view where) {
        page_ += "</table>\n";
        if (total <= rows_) return;
        page_ += "<p>and " + std::to_string(total - rows_) + " more, in " + std::string(where) + "</p>\n";
    }

private:
    bool is_number(std::size_t column) const { return headings_[column].starts_with('#'); }

    std::string& page_;
    std::vector<std::string_view> headings_;
    std::size_t rows_ = 0;
};

constexpr std::string_view in_status = "<a href=\"status\">/status</a>";
constexpr std::string_view in_routes = "<a href=\"routes\">/routes</a>";

std::string good(std::string_view text) { return "<span class=\"good\">" + html(text) + "</span>"; }
std::string bad(std::string_view text) { return "<span class=\"bad\">" + html(text) + "</span>"; }

std::string milliseconds(const DurationSum& durations) {
    if (durations.count == 0) return "";
    char text[32];
    std::snprintf(text, sizeof text, "%.2f ms", durations.mean_ms());
    return text;
}

std::string duration(std::uint64_t seconds) {
    if (seconds < 120) return std::to_string(seconds) + " s";
    if (seconds < 7200) return std::to_string(seconds / 60) + " min";
    if (seconds < 172800) return std::to_string(seconds / 3600) + " h";
    return std::to_string(seconds / 86400) + " days";
}

bool is_up(const proxy::UpstreamSpec& upstream) { return upstream.health->up.load(std::memory_order_relaxed); }

void add_listen(std::string_view before, const std::vector<net::Endpoint>& endpoints, std::string& page) {
    if (!endpoints.empty()) page += before;
    for (std::size_t i = 0; i < endpoints.size(); ++i) page += (i ? ", " : "") + html(endpoints[i].to_string());
}

void add_summary(const StatusFacts& facts, std::string& page) {
    page += "<h1>dproxy " + html(facts.version) + "</h1>\n<p>";
    page += facts.not_ready.empty() ? good("ready") : bad("not ready: " + facts.not_ready);
    page += ", running for " + duration(facts.uptime_seconds) + " with " + config::counted(facts.workers, "worker");
    add_listen(", listens on ", facts.listen.plain, page);
    add_listen("; over TLS on ", facts.listen.tls, page);
    add_listen("; over HTTPS on ", facts.listen.https, page);
    add_listen("; over HTTP on ", facts.listen.http, page);
    page += "<br>\n" + config::counted(facts.routes->routes, "route") + " of " +
            config::counted(facts.routes->files.size(), "file") + ", version " + html(facts.routes->hash) +
            ", changes are noticed ";
    page += facts.watch.mode == telemetry::WatchMode::inotify
                ? "at once (inotify)"
                : bad("by a look every 2 s, without inotify: " + facts.watch.reason);
    page += "</p>\n";
}

void add_faults(const StatusFacts& facts, std::string& page) {
    const config::Diagnostics& faults = facts.routes->faults;
    if (faults.empty()) return;
    page += "<h2>Faults in files</h2>\n";
    Table table(page, {"File", "#Line", "", "Fault"});
    for (const config::Diagnostic& fault : faults) {
        if (table.is_full()) break;
        const bool is_error = fault.severity == config::Severity::error;
        table.add({html(fault.file), fault.line ? std::to_string(fault.line) : "", is_error ? bad("error") : "warning",
                   html(fault.message, 1000)});
    }
    table.end(faults.size(), in_status);
}

void add_loops(const StatusFacts& facts, std::string& page) {
    const auto& loops = facts.loops->list();
    if (loops.empty()) return;
    page += "<h2>Loops</h2>\n<p>An upstream sends these names back to dproxy; they are answered SERVFAIL.</p>\n";
    Table table(page, {"Route", "Names", "Upstream", "File"});
    for (const routing::LoopMark& mark : loops) {
        if (table.is_full()) break;
        const std::string whose = mark.place.is_whole_pattern() ? "all of the pattern " : "at and below ";
        const std::string names = whose + html(mark.place.domain.to_text());
        const std::string line = mark.place.file.empty() ? "" : ":" + std::to_string(mark.place.line);
        table.add({html(mark.place.route), bad("loop") + ", " + names, html(mark.upstream),
                   html(mark.place.file) + line});
    }
    table.end(loops.size(), in_status);
}

template <typename Label, typename Read>
void add_counts(const StatusFacts& facts, std::string_view heading, Table& table, Read read) {
    for (const auto& [label, count] : counts_by<Label>(facts.counters, read)) {
        if (!table.is_full()) table.add({std::string(heading), html(label), std::to_string(count)});
    }
}

constexpr std::array<std::pair<telemetry::Source, std::string_view>, telemetry::count_of<telemetry::Source>>
    answers_by_source{{{telemetry::Source::upstream, "relayed"},
                       {telemetry::Source::local, "dproxy's own"},
                       {telemetry::Source::cache, "kept"},
                       {telemetry::Source::stale, "kept, beyond its TTL"}}};

void add_traffic(const StatusFacts& facts, std::string& page) {
    using telemetry::RcodeLabel, telemetry::Transport;
    page += "<h2>Traffic</h2>\n";
    Table table(page, {"Since the start", "", "#"});
    for (std::size_t i = 0; i < telemetry::count_of<Transport>; ++i) {
        const auto durations_here =
            durations(facts.counters, [&](const WorkerCounters& worker) -> const auto& { return worker.duration[i]; });
        const std::string mean = durations_here.count ? ", mean time " + milliseconds(durations_here) : "";
        const std::string transport(name_of(static_cast<Transport>(i)));
        table.add({"answers", transport + mean, std::to_string(durations_here.count)});
    }
    for (std::size_t i = 0; i < telemetry::count_of<RcodeLabel>; ++i) {
        for (const auto& [source, whose] : answers_by_source) {
            const std::uint64_t count = sum(facts.counters, [i, source = source](const WorkerCounters& worker) {
                std::uint64_t of_all = 0;
                for (const auto& by_rcode : worker.responses) of_all += by_rcode[i][source].value();
                return of_all;
            });
            const std::string_view rcode = name_of(static_cast<RcodeLabel>(i));
            if (count > 0) table.add({"", html(rcode) + ", " + std::string(whose), std::to_string(count)});
        }
    }
    table.add({"in flight now", "", std::to_string(sum(facts.counters, [](const WorkerCounters& worker) {
                   return worker.inflight.value();
               }))});
    add_counts<telemetry::Rejection>(facts, "refused or answered here", table,
                                     [](const WorkerCounters& worker) -> const auto& { return worker.rejected; });
    add_counts<telemetry::Drop>(facts, "dropped", table,
                                [](const WorkerCounters& worker) -> const auto& { return worker.dropped; });
    table.end(0, "");
}

std::string mebibytes(std::uint64_t bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(bytes) / 1048576);
    return text;
}

/// Only where there are any: most set-ups keep none.
void add_kept(const StatusFacts& facts, std::string& page) {
    const CacheSums sums = cache_sums(facts);
    if (!sums.is_used) return;
    page += "<h2>Kept answers</h2>\n<p>" + config::counted(sums.entries, "answer") + " in " + mebibytes(sums.bytes) +
            " of " + mebibytes(sums.size) + "; <code>dproxy flush NAME</code> forgets them.</p>\n";
    Table table(page, {"Since the start", "#"});
    table.add({"queries answered from memory", std::to_string(sums.hits)});
    table.add({"beyond the TTL, as no upstream answered", std::to_string(sums.stale)});
    table.add({"not found", std::to_string(sums.misses)});
    table.add({"asked for again before the TTL was over", std::to_string(sums.prefetches)});
    table.add({"queries that waited for another's reply", std::to_string(sums.merged)});
    table.add({"answers that went for want of room", std::to_string(sums.evictions)});
    table.end(0, "");
}

void add_upstream(const proxy::UpstreamSpec& upstream, const StatusFacts& facts, Table& table) {
    const std::uint64_t since_ns = upstream.health->changed_ns.load(std::memory_order_relaxed);
    std::string state = is_up(upstream) ? good("up") : bad("down");
    if (since_ns != 0 && since_ns <= facts.now_ns) state += " for " + duration((facts.now_ns - since_ns) / 1000000000);
    if (const std::string fault = upstream.health->fault_now(); !fault.empty()) state += ", " + bad(fault);
    const std::string address = html(upstream.key.endpoint.to_string());
    const std::string protocol(name_of(upstream.key.protocol));
    // Upstreams beyond the limit of labels share their counters: theirs alone are not known.
    if (upstream.slot == telemetry::other_slot) return table.add({address, protocol, state, "", "", "", ""});
    const auto counters = [&](const WorkerCounters& worker) -> const auto& { return worker.upstream(upstream.slot); };
    const DurationSum replies = durations(
        facts.counters, [&](const WorkerCounters& worker) -> const auto& { return counters(worker).duration; });
    const std::uint64_t inflight =
        sum(facts.counters, [&](const WorkerCounters& worker) { return counters(worker).inflight.value(); });
    std::string failures;
    for (const auto& [reason, count] : counts_by<telemetry::Failure>(
             facts.counters, [&](const WorkerCounters& worker) -> const auto& { return counters(worker).failures; })) {
        failures += (failures.empty() ? "" : ", ") + html(reason) + " " + std::to_string(count);
    }
    table.add({address, protocol, state, std::to_string(inflight), std::to_string(replies.count),
               milliseconds(replies), failures});
}

/// Those that are down come first.
void add_upstreams(const StatusFacts& facts, std::string& page) {
    const auto& upstreams = facts.publication->pools->upstreams;
    page += "<h2>Upstreams</h2>\n";
    Table table(page, {"Address", "", "State", "#In flight", "#Replies", "#Mean", "Failures"});
    for (const bool wanted : {false, true}) {
        for (const proxy::UpstreamSpec& upstream : upstreams) {
            if (table.is_full()) break;
            if (is_up(upstream) == wanted) add_upstream(upstream, facts, table);
        }
    }
    table.end(upstreams.size(), in_status);
}

/// Where the queries of a pool go.
std::string destination(const proxy::Pool& pool, const proxy::PoolSet& pools) {
    const std::string answer = answer_text(*pool.settings);
    if (!answer.empty()) return "answers " + answer;
    std::string text;
    for (std::size_t i = 0; i < pool.upstreams.size() && i < max_page_upstreams; ++i) {
        const proxy::UpstreamSpec& upstream = pools.upstreams[pool.upstreams[i]];
        const std::string address = upstream.key.endpoint.to_string();
        text += (i ? ", " : "") + (is_up(upstream) ? html(address) : bad(address + " (down)"));
    }
    if (pool.upstreams.size() > max_page_upstreams) {
        text += " and " + std::to_string(pool.upstreams.size() - max_page_upstreams) + " more";
    }
    if (!text.empty()) return text;
    if (pool.why_empty == telemetry::Rejection::not_ready) return bad("host names without an address yet");
    return bad(pool.why_empty == telemetry::Rejection::loop ? "dproxy itself" : "no upstream");
}

void add_hosts(const StatusFacts& facts, std::string& page) {
    if (facts.hosts.empty()) return;
    page += "<h2>Host names</h2>\n";
    Table table(page, {"Name", "State", "Addresses"});
    for (const proxy::HostReport& host : facts.hosts) {
        if (table.is_full()) break;
        std::string addresses;
        for (std::size_t i = 0; i < host.addresses.size() && i < max_page_upstreams; ++i) {
            addresses += (i ? ", " : "") + host.addresses[i].to_string();
        }
        if (host.addresses.size() > max_page_upstreams) addresses += ", ...";
        const std::string state(name_of(host.state));
        table.add({html(host.host), host.fault.empty() ? good(state) : bad(state + ": " + host.fault), addresses});
    }
    table.end(facts.hosts.size(), in_status);
}

void add_certificates(const StatusFacts& facts, std::string& page) {
    if (facts.config.certificates.empty()) return;
    page += "<h2>Certificates</h2>\n";
    for (const std::string& fault : facts.config.certificate_faults) page += "<p>" + bad(fault) + "</p>\n";
    Table table(page, {"File", "State", "Expires"});
    for (const telemetry::CertificateFact& one : facts.config.certificates) {
        if (table.is_full()) break;
        const std::chrono::system_clock::time_point expires{std::chrono::seconds(one.expires.value_or(0))};
        const std::string state = one.valid     ? good("in force")
                                  : one.expires ? bad("the last good one is in force, or what is has expired")
                                                : bad("there is none: TLS is refused");
        table.add({html(one.file), state, one.expires ? config::rfc3339(expires).substr(0, 10) : ""});
    }
    table.end(facts.config.certificates.size(), in_status);
}

/// Queries and SERVFAIL of a route; beyond the limit of labels they are not known.
std::pair<std::string, std::string> route_counts(telemetry::Slot slot, const StatusFacts& facts) {
    if (slot == telemetry::other_slot) return {};
    const std::uint64_t queries =
        sum(facts.counters, [&](const WorkerCounters& worker) { return worker.route(slot).requests.value(); });
    const std::uint64_t failed = sum(facts.counters, [&](const WorkerCounters& worker) {
        return worker.route(slot).responses[telemetry::RcodeLabel::servfail].value();
    });
    return {std::to_string(queries), std::to_string(failed)};
}

void add_routes(const StatusFacts& facts, std::string& page) {
    const proxy::Publication& publication = *facts.publication;
    const routing::RouteTable& routes = *publication.table;
    page += "<h2>Routes</h2>\n<p>In the order of their files. " + std::string(in_routes) +
            " has them by precedence, <code>/explain?name=www.example.com</code> says which one a name takes.</p>\n";
    Table table(page, {"Route", "Goes to", "File", "#Queries", "#SERVFAIL"});
    const proxy::PoolSet& pools = *publication.pools;
    if (pools.master != proxy::no_pool) {
        const auto [queries, failed] = route_counts(telemetry::master_slot, facts);
        table.add({"(master)", destination(pools.pools[pools.master], pools), "", queries, failed});
    }
    const auto [unrouted, unrouted_failed] = route_counts(telemetry::no_route_slot, facts);
    table.add({"(none)", "names without a route", "", unrouted, unrouted_failed});
    const std::size_t rows = table.rows();
    for (routing::RouteIndex route = 0; route < routes.route_count() && !table.is_full(); ++route) {
        const auto source = routes.source(route);
        const auto [queries, failed] = route_counts((*publication.route_slots)[route], facts);
        table.add({html(routes.label(route)), destination(pools.pools[routes.settings_index(route)], pools),
                   html(source.file) + ":" + std::to_string(source.line), queries, failed});
    }
    table.end(rows + routes.route_count(), in_routes);
}

/// Broken ones come first.
void add_files(const StatusFacts& facts, std::string& page) {
    const auto& files = facts.routes->files;
    page += "<h2>Route files</h2>\n";
    Table table(page, {"File", "State"});
    for (const bool wanted : {false, true}) {
        for (const config::RouteFileState& file : files) {
            if (table.is_full()) break;
            if (file.valid != wanted) continue;
            const std::string_view fault = file.in_force ? "has a fault; its last good version is in force"
                                                         : "has a fault, and there is no good version of it";
            table.add({html(file.name), file.valid ? good("in force") : bad(fault)});
        }
    }
    table.end(files.size(), in_status);
}

}  // namespace

std::string status_page(const StatusFacts& facts) {
    std::string page(head);
    add_summary(facts, page);
    add_faults(facts, page);
    add_loops(facts, page);
    add_traffic(facts, page);
    add_kept(facts, page);
    add_upstreams(facts, page);
    add_hosts(facts, page);
    add_certificates(facts, page);
    add_routes(facts, page);
    add_files(facts, page);
    page += "<h2>For programs</h2>\n<p><a href=\"status\">/status</a>, <a href=\"routes\">/routes</a>, "
            "<a href=\"files\">/files</a>, "
            "<a href=\"explain?name=www.example.com\">/explain?name=www.example.com</a>: the same as JSON. "
            "<a href=\"metrics\">/metrics</a>: for Prometheus. <a href=\"livez\">/livez</a>, "
            "<a href=\"readyz\">/readyz</a>: for probes.</p>\n</body>\n</html>\n";
    return page;
}

}  // namespace dproxy::server
