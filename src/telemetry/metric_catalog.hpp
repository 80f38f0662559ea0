// SPDX-License-Identifier: MIT
// Every series that dproxy exports: name, type, labels and help, in the order of the page. The scrape
// is made from this list, and documentation is tested against it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace dproxy::telemetry {

enum class MetricKind : std::uint8_t { counter, gauge, histogram };

/// Indexes into metric_catalog().
enum class Metric : std::uint8_t {
    build_info, requests, responses, route_requests, route_responses, request_duration, inflight_requests, dropped,
    upstream_requests, upstream_responses, upstream_failures, upstream_duration, upstream_up, upstream_inflight,
    tcp_connections, tls_handshakes, tls_handshaking, tls_resumptions, http_responses, client_rejected,
    http_rejected,
    config_routes, config_file_valid, config_reloads, config_last_reload_successful, config_last_reload_timestamp,
    config_reload_duration, config_info, config_watch,
    tls_certificate_valid, tls_certificate_expiry,
    cache_hits, cache_misses, cache_stale, cache_prefetches, merged, cache_entries, cache_bytes, cache_evictions,
    buffered_bytes, shed_networks, querylog_dropped, dnstap_dropped, udp_receive_drops, worker_errors,
    process_cpu, process_resident_memory, process_virtual_memory, process_open_fds, process_max_fds,
    process_start_time,
    count_,
};

struct MetricDescription {
    static constexpr std::size_t max_labels = 3;

    Metric metric;
    MetricKind kind;
    std::string_view name;
    std::array<std::string_view, max_labels> labels;  ///< empty from the first that is not there
    std::string_view help;

    std::size_t label_count() const;
};

std::span<const MetricDescription> metric_catalog();
const MetricDescription& describe(Metric metric);
std::string_view name_of(MetricKind kind);  ///< `counter`, `gauge`, `histogram`

}  // namespace dproxy::telemetry
