// SPDX-License-Identifier: MIT
#include "server/status_report.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>

#include "io/monotonic.hpp"
#include "reports/file_report.hpp"
#include "routing/setting_names.hpp"
#include "server/cache_sums.hpp"
#include "server/counter_sums.hpp"
#include "server/json_text.hpp"

namespace dproxy::server {

namespace json = boost::json;
using telemetry::Failure;
using telemetry::WorkerCounters;

namespace {

/// A list under its name, as far as it goes. `is_wrong` says what comes first where not all of it does.
template <typename List, typename IsWrong, typename Describe>
void put_list(json::object& into, std::string_view name, const List& list, IsWrong is_wrong, Describe describe) {
    json::array array;
    if (list.size() <= max_status_items) {
        for (const auto& one : list) array.push_back(describe(one));
    } else {
        for (const bool wrong : {true, false}) {
            for (const auto& one : list) {
                if (array.size() < max_status_items && is_wrong(one) == wrong) array.push_back(describe(one));
            }
        }
        into[std::string(name) + "_more"] = list.size() - array.size();
    }
    into[name] = std::move(array);
}

/// What was counted under each reason, where it was anything.
template <typename Label, typename Read>
json::object counts_by_reason(const Workers& workers, Read read) {
    json::object object;
    for (const auto& [reason, count] : counts_by<Label>(workers, read)) object[reason] = count;
    return object;
}

void add_health(const proxy::UpstreamSpec& upstream, std::uint64_t now_ns, json::object& object) {
    object["health"] = name_of(upstream.health_mode);
    object["up"] = upstream.health->up.load(std::memory_order_relaxed);
    const std::uint64_t since_ns = upstream.health->changed_ns.load(std::memory_order_relaxed);
    if (const std::string fault = upstream.health->fault_now(); !fault.empty()) object["encryption_fault"] = fault;
    object["state_since_seconds"] = since_ns == 0 || since_ns > now_ns ? 0 : (now_ns - since_ns) / io::second_ns;
}

json::object upstream_object(const proxy::UpstreamSpec& upstream, const StatusFacts& facts) {
    const auto& workers = facts.counters;
    json::object object;
    object["address"] = upstream.key.endpoint.to_string();
    object["protocol"] = name_of(upstream.key.protocol);
    if (!upstream.key.tls.name.empty()) object["tls_name"] = upstream.key.tls.name;
    if (!upstream.key.https_path.empty()) object["https_path"] = upstream.key.https_path;
    add_health(upstream, facts.now_ns, object);
    // Upstreams beyond the limit of labels share their counters: theirs alone are not known.
    if (upstream.slot == telemetry::other_slot) return object;
    const auto total = [&](auto read) {
        return sum(workers, [&](const WorkerCounters& worker) { return read(worker.upstream(upstream.slot)); });
    };
    object["inflight"] = total([](const auto& counters) { return counters.inflight.value(); });
    const DurationSum replies = durations(workers, [&](const WorkerCounters& worker) -> const auto& {
        return worker.upstream(upstream.slot).duration;
    });
    object["replies"] = replies.count;
    if (replies.count > 0) object["mean_reply_ms"] = replies.mean_ms();
    if (const auto usual_ms = usual_reply_ms(workers, upstream.slot)) object["usual_reply_ms"] = *usual_ms;
    object["failures"] = counts_by_reason<Failure>(workers, [&](const WorkerCounters& worker) -> const auto& {
        return worker.upstream(upstream.slot).failures;
    });
    return object;
}

/// Under the settings that name them.
void add_listen(const ListenAddresses& addresses, json::object& status) {
    const auto put = [&](std::string_view name, const std::vector<net::Endpoint>& endpoints) {
        json::array listen;
        for (const net::Endpoint& endpoint : endpoints) listen.push_back(json::string(endpoint.to_string()));
        status[name] = std::move(listen);
    };
    put("listen", addresses.plain);
    if (!addresses.tls.empty()) put("listen_tls", addresses.tls);
    if (!addresses.https.empty()) put("listen_https", addresses.https);
    if (!addresses.http.empty()) put("listen_http", addresses.http);
}

void add_certificates(const telemetry::ConfigFacts& config, json::object& status) {
    if (config.certificates.empty()) return;
    json::array certificates;
    for (const telemetry::CertificateFact& one : config.certificates) {
        json::object certificate{{"file", one.file}, {"valid", one.valid}};
        if (one.expires) certificate["expires_unix_seconds"] = *one.expires;
        certificates.push_back(std::move(certificate));
    }
    status["certificates"] = std::move(certificates);
    json::array faults;
    for (const std::string& fault : config.certificate_faults) faults.emplace_back(fault);
    status["certificate_faults"] = std::move(faults);
}

json::object routes_object(const StatusFacts& facts) {
    json::object routes;
    routes["count"] = facts.routes->routes;
    routes["hash"] = facts.routes->hash;
    routes["valid"] = facts.routes->success;
    json::array faults;
    for (const config::Diagnostic& fault : facts.routes->faults) faults.push_back(config::fault_json(fault));
    routes["faults"] = std::move(faults);
    put_list(
        routes, "files", facts.routes->files, [](const config::RouteFileState& file) { return !file.valid; },
        [&](const config::RouteFileState& file) { return config::file_json(file, facts.files_in_force.get()); });
    return routes;
}

json::object reloads_object(const StatusFacts& facts) {
    json::object reloads;
    reloads["watch"] = facts.watch.mode == telemetry::WatchMode::inotify ? "inotify" : "poll";
    if (!facts.watch.reason.empty()) reloads["watch_reason"] = facts.watch.reason;
    reloads["in_force"] = facts.in_force;
    reloads["successes"] = facts.config.successes;
    reloads["failures"] = facts.config.failures;
    reloads["last_unix_seconds"] =
        std::chrono::duration_cast<std::chrono::seconds>(facts.config.last.time.time_since_epoch()).count();
    reloads["last_duration_ms"] =
        std::chrono::duration<double, std::milli>(facts.config.last.duration).count();
    return reloads;
}

json::object host_object(const proxy::HostReport& host) {
    json::object object{{"host", host.host}, {"state", name_of(host.state)}};
    json::array addresses;
    for (const net::Address& address : host.addresses) addresses.emplace_back(address.to_string());
    object["addresses"] = std::move(addresses);
    if (!host.found_as.empty()) object["found_as"] = host.found_as;
    if (!host.fault.empty()) object["fault"] = host.fault;
    return object;
}

json::object left_out_object(const LeftOutReport& one) {
    json::object object{{"address", one.address}, {"reason", "dproxy itself"}, {"route", one.route}};
    if (!one.host.empty()) object["host"] = one.host;
    if (!one.file.empty()) {
        object["file"] = one.file;
        object["line"] = one.line;
    }
    return object;
}

json::array loops_array(const StatusFacts& facts) {
    json::array loops;
    for (const routing::LoopMark& mark : facts.loops->list()) {
        json::object loop{{"route", mark.place.route},
                          {"domain", mark.place.domain.to_text()},
                          {"whole_pattern", mark.place.is_whole_pattern()},
                          {"upstream", mark.upstream},
                          {"since_seconds",
                           facts.now_ns > mark.since_ns ? (facts.now_ns - mark.since_ns) / io::second_ns : 0}};
        if (!mark.place.file.empty()) {
            loop["file"] = mark.place.file;
            loop["line"] = mark.place.line;
        }
        loops.push_back(std::move(loop));
    }
    return loops;
}

json::object traffic_object(const StatusFacts& facts) {
    json::object traffic;
    traffic["inflight"] = sum(facts.counters, [](const WorkerCounters& worker) { return worker.inflight.value(); });
    traffic["dropped"] = counts_by_reason<telemetry::Drop>(
        facts.counters, [](const WorkerCounters& worker) -> const auto& { return worker.dropped; });
    traffic["rejected"] = counts_by_reason<telemetry::Rejection>(
        facts.counters, [](const WorkerCounters& worker) -> const auto& { return worker.rejected; });
    return traffic;
}

json::object cache_object(const StatusFacts& facts) {
    const CacheSums sums = cache_sums(facts);
    return {{"size", sums.size},     {"bytes", sums.bytes},           {"entries", sums.entries},
            {"hits", sums.hits},     {"misses", sums.misses},         {"stale", sums.stale},
            {"merged", sums.merged}, {"prefetches", sums.prefetches}, {"evictions", sums.evictions}};
}

}  // namespace

std::string status_json(const StatusFacts& facts) {
    json::object status;
    status["version"] = facts.version;
    status["revision"] = facts.revision;
    status["uptime_seconds"] = facts.uptime_seconds;
    status["ready"] = facts.not_ready.empty();
    if (!facts.not_ready.empty()) status["not_ready"] = facts.not_ready;
    status["workers"] = facts.workers;
    add_listen(facts.listen, status);
    status["routes"] = routes_object(facts);
    status["reloads"] = reloads_object(facts);
    add_certificates(facts.config, status);
    put_list(
        status, "upstreams", facts.publication->pools->upstreams,
        [](const proxy::UpstreamSpec& upstream) { return !upstream.health->up.load(std::memory_order_relaxed); },
        [&](const proxy::UpstreamSpec& upstream) { return upstream_object(upstream, facts); });
    put_list(
        status, "hosts", facts.hosts, [](const proxy::HostReport& host) { return !host.fault.empty(); }, host_object);
    put_list(status, "left_out", *facts.left_out, [](const LeftOutReport&) { return true; }, left_out_object);
    status["loops"] = loops_array(facts);
    status["traffic"] = traffic_object(facts);
    status["cache"] = cache_object(facts);
    return json_text(status);
}

}  // namespace dproxy::server
