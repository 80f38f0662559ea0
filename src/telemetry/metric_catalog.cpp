// SPDX-License-Identifier: MIT
#include "telemetry/metric_catalog.hpp"

#include <algorithm>

namespace dproxy::telemetry {
namespace {

using enum MetricKind;

constexpr std::array<MetricDescription, static_cast<std::size_t>(Metric::count_)> catalog{{
    {Metric::build_info, gauge, "dproxy_build_info", {"version", "revision"},
     "Always 1; the labels say what was built."},
    {Metric::requests, counter, "dproxy_requests_total", {"transport", "family", "type"},
     "Queries of clients, by how they came and what they asked for."},
    {Metric::responses, counter, "dproxy_responses_total", {"transport", "rcode", "source"},
     "Answers to clients; source is local for those that dproxy made itself."},
    {Metric::route_requests, counter, "dproxy_route_requests_total", {"route"},
     "Queries of clients, by the route that their name belongs to."},
    {Metric::route_responses, counter, "dproxy_route_responses_total", {"route", "rcode"},
     "Answers to clients, by route."},
    {Metric::request_duration, histogram, "dproxy_request_duration_seconds", {"transport"},
     "Time from a client's query to its answer."},
    {Metric::inflight_requests, gauge, "dproxy_inflight_requests", {},
     "Queries that wait for an upstream now."},
    {Metric::dropped, counter, "dproxy_dropped_total", {"reason"},
     "Messages of clients and upstreams that were dropped without a word."},
    {Metric::upstream_requests, counter, "dproxy_upstream_requests_total", {"upstream", "transport", "reason"},
     "Messages sent to an upstream; reason says which attempt it was, or that it was a health probe."},
    {Metric::upstream_responses, counter, "dproxy_upstream_responses_total", {"upstream", "rcode"},
     "Replies taken from an upstream."},
    {Metric::upstream_failures, counter, "dproxy_upstream_failures_total", {"upstream", "reason"},
     "Attempts at an upstream that brought no reply."},
    {Metric::upstream_duration, histogram, "dproxy_upstream_duration_seconds", {"upstream"},
     "Time from a message to an upstream to its reply."},
    {Metric::upstream_up, gauge, "dproxy_upstream_up", {"upstream"},
     "1 until the upstream is known to be down, then 0."},
    {Metric::upstream_inflight, gauge, "dproxy_upstream_inflight", {"upstream"},
     "Queries that wait for this upstream now."},
    {Metric::tcp_connections, gauge, "dproxy_tcp_connections", {"side"},
     "Open TCP connections, with clients and with upstreams."},
    {Metric::tls_handshakes, counter, "dproxy_tls_handshakes_total", {"side", "result"},
     "Handshakes of TLS that have ended, with clients and with upstreams."},
    {Metric::tls_handshaking, gauge, "dproxy_tls_handshakes_under_way", {"side"},
     "Handshakes of TLS under way."},
    {Metric::tls_resumptions, counter, "dproxy_tls_resumptions_total", {"side"},
     "Handshakes that were ok and went on from an earlier connection."},
    {Metric::http_responses, counter, "dproxy_http_responses_total", {"code"},
     "Responses to clients over HTTP, by their status; an error of DNS is 200."},
    {Metric::client_rejected, counter, "dproxy_client_rejected_total", {"reason"},
     "Queries that got an error from dproxy itself, and connections it refused or closed."},
    {Metric::http_rejected, counter, "dproxy_http_rejected_total", {"reason"},
     "Requests that the HTTP side refused, and connections it closed, by the limit that was reached."},
    {Metric::config_routes, gauge, "dproxy_config_routes", {},
     "Routes in force."},
    {Metric::config_file_valid, gauge, "dproxy_config_file_valid", {"file"},
     "0 while a route file has a fault, and what is in force of it is its last good version."},
    {Metric::config_reloads, counter, "dproxy_config_reloads_total", {"result"},
     "Times that the routes were read; a failure had a fault in at least one file."},
    {Metric::config_last_reload_successful, gauge, "dproxy_config_last_reload_successful", {},
     "1 when the last reading of the routes found no fault."},
    {Metric::config_last_reload_timestamp, gauge, "dproxy_config_last_reload_timestamp_seconds", {},
     "When the routes were last read, with or without a fault, in seconds since 1970."},
    {Metric::config_reload_duration, histogram, "dproxy_config_reload_duration_seconds", {},
     "Time that reading the routes took, until they were in force."},
    {Metric::config_info, gauge, "dproxy_config_info", {"hash"},
     "Always 1; the same hash on two instances means the same routes in force."},
    {Metric::config_watch, gauge, "dproxy_config_watch", {"mode"},
     "1 for the way in which changes of files are noticed now."},
    {Metric::tls_certificate_valid, gauge, "dproxy_tls_certificate_valid", {"file"},
     "0 while a certificate's file has a fault or its time is not now; its last good version is in force."},
    {Metric::tls_certificate_expiry, gauge, "dproxy_tls_certificate_expiry_timestamp_seconds", {"file"},
     "When the certificate in force expires, in seconds since 1970."},
    {Metric::cache_hits, counter, "dproxy_cache_hits_total", {"route"},
     "Queries answered from what was kept, while its TTL lasted."},
    {Metric::cache_misses, counter, "dproxy_cache_misses_total", {"route"},
     "Queries of routes with a cache for which nothing was kept."},
    {Metric::cache_stale, counter, "dproxy_cache_stale_total", {"route"},
     "Queries answered from what was kept beyond its TTL, as the upstreams brought nothing in time."},
    {Metric::cache_prefetches, counter, "dproxy_cache_prefetches_total", {"route"},
     "Answers that were asked for again before their TTL was over."},
    {Metric::merged, counter, "dproxy_merged_total", {"route"},
     "Queries that waited for the reply to the same question of another client."},
    {Metric::cache_entries, gauge, "dproxy_cache_entries", {},
     "Answers that are kept."},
    {Metric::cache_bytes, gauge, "dproxy_cache_bytes", {},
     "Bytes that kept answers take (cache_size is their limit)."},
    {Metric::cache_evictions, counter, "dproxy_cache_evictions_total", {"route"},
     "Kept answers that went for want of room before their time was over."},
    {Metric::buffered_bytes, gauge, "dproxy_buffered_bytes", {},
     "Bytes kept for others (max_buffered is their limit), the most within the last second."},
    {Metric::shed_networks, gauge, "dproxy_shed_networks", {},
     "Client networks of whose queries a part is left unread, as more come than can be answered."},
    {Metric::querylog_dropped, counter, "dproxy_querylog_dropped_total", {},
     "Lines of the query log that were lost, as their reader was too slow or the disk full."},
    {Metric::dnstap_dropped, counter, "dproxy_dnstap_dropped_total", {},
     "Messages that dnstap did not tell of, as its reader was too slow or not there."},
    {Metric::udp_receive_drops, counter, "dproxy_udp_receive_drops_total", {},
     "Datagrams that the kernel dropped as a receive buffer was full."},
    {Metric::worker_errors, counter, "dproxy_worker_errors_total", {},
     "Exceptions that left a handler of any thread, mostly for want of memory; the thread went on."},
    {Metric::process_cpu, counter, "process_cpu_seconds_total", {},
     "Total user and system CPU time spent in seconds."},
    {Metric::process_resident_memory, gauge, "process_resident_memory_bytes", {},
     "Resident memory size in bytes."},
    {Metric::process_virtual_memory, gauge, "process_virtual_memory_bytes", {},
     "Virtual memory size in bytes."},
    {Metric::process_open_fds, gauge, "process_open_fds", {},
     "Number of open file descriptors."},
    {Metric::process_max_fds, gauge, "process_max_fds", {},
     "Maximum number of open file descriptors."},
    {Metric::process_start_time, gauge, "process_start_time_seconds", {},
     "Start time of the process since unix epoch in seconds."},
}};

consteval bool in_order() {
    for (std::size_t i = 0; i < catalog.size(); ++i) {
        if (catalog[i].metric != static_cast<Metric>(i)) return false;
    }
    return true;
}
static_assert(in_order(), "the catalogue stands in the order of Metric");

}  // namespace

std::size_t MetricDescription::label_count() const {
    return static_cast<std::size_t>(std::find(labels.begin(), labels.end(), std::string_view()) - labels.begin());
}

std::span<const MetricDescription> metric_catalog() { return catalog; }

const MetricDescription& describe(Metric metric) { return catalog[static_cast<std::size_t>(metric)]; }

std::string_view name_of(MetricKind kind) {
    switch (kind) {
        case counter: return "counter";
        case gauge: return "gauge";
        case histogram: return "histogram";
    }
    return "untyped";
}

}  // namespace dproxy::telemetry
