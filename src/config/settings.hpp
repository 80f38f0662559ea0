// SPDX-License-Identifier: MIT
// The settings of the program (DESIGN 3.2), checked and typed. Immutable once read.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/address.hpp"
#include "routing/route_settings.hpp"

namespace dproxy::config {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { text, json };

struct Settings {
    std::uint16_t port = 53;
    std::vector<net::Endpoint> listen;  ///< empty: `[::]:port` and `0.0.0.0:port`
    std::vector<std::string> upstream_locations{"upstream/"};
    std::string upstream_extension = ".prox";
    bool use_master_upstream = false;
    /// Where names without a route go, as written: addresses, or the one word `system` (then `master_is_system`).
    std::vector<routing::Target> master_upstream;
    bool master_is_system = false;
    net::NetworkList master_allow;      ///< filled with the default networks
    routing::LocalAnswer no_route_answer = routing::LocalAnswer::refused;
    bool admin_enabled = true;
    std::optional<net::Endpoint> admin;  ///< nothing: port 8080 on both families
    unsigned workers = 0;                ///< 0: auto
    LogLevel log_level = LogLevel::info;
    LogFormat log_format = LogFormat::text;
    std::chrono::milliseconds drain{5000};
    bool strict = false;
    bool allow_all = true;
    net::NetworkList allow;
    std::uint32_t rate_limit = 0;        ///< queries a second for each client network; 0: off
    std::uint32_t tcp_connections = 4096;
    std::uint32_t tcp_connections_per_client = 64;
    std::chrono::milliseconds tcp_idle{10000};
    std::uint32_t tcp_queries = 10000;
    std::uint32_t tcp_inflight = 100;
    std::uint32_t max_inflight = 200000;
    std::uint32_t metrics_routes = 500;
    std::uint32_t metrics_upstreams = 500;
    std::vector<net::Endpoint> bootstrap;  ///< empty: /etc/resolv.conf
};

/// Where to listen: `listen`, or `[::]:port` (IPv6 only) and `0.0.0.0:port`.
std::vector<net::Endpoint> listen_endpoints(const Settings& settings);

}  // namespace dproxy::config
