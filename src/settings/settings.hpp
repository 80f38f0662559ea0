// SPDX-License-Identifier: MIT
// The settings of the program, checked and typed. Immutable once read.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dns/name.hpp"
#include "dns/server_cookie.hpp"
#include "io/reader_address.hpp"
#include "net/address.hpp"
#include "net/network_list.hpp"
#include "routing/owners.hpp"
#include "routing/route_settings.hpp"
#include "telemetry/log_options.hpp"

namespace dproxy::config {

enum class TlsVersion : std::uint8_t { tls12, tls13 };

/// What clients find encrypted. Files are named as written.
struct TlsSettings {
    std::vector<net::Endpoint> listen;        ///< for DNS over TLS; empty: off
    std::vector<net::Endpoint> listen_https;  ///< for DNS over HTTPS; empty: off
    std::vector<std::string> certificates;  ///< the own certificate first in each
    std::vector<std::string> keys;          ///< of these, in the same order
    std::string client_authorities;         ///< empty: clients need no certificate
    TlsVersion least = TlsVersion::tls12;
    std::vector<std::string> ticket_keys;   ///< the first seals, all open; empty: the process's own
    std::optional<dns::Name> told_name;     ///< under which clients are told of all this; none: they are not
    std::uint16_t told_dot_port = 0;        ///< 0: that of the first of `listen`
    std::uint16_t told_https_port = 0;      ///< 0: that of the first of `listen_https`
};

/// Clients that ask over HTTP, with TLS or without.
struct HttpSettings {
    std::vector<net::Endpoint> listen;  ///< without TLS; empty: off
    std::string path = "/dns-query";
    net::NetworkList trusted_proxies;   ///< whose word on whom they ask for is taken
};

struct Settings {
    std::uint16_t port = 53;
    std::vector<net::Endpoint> listen;  ///< empty: `[::]:port` and `0.0.0.0:port`
    std::vector<std::string> upstream_locations{"upstream/"};
    std::string upstream_extension = ".prox";
    routing::Owners owners;  ///< which directory of route files may name what; empty: all may name all
    bool use_master_upstream = false;
    /// Where names without a route go, as written: addresses, or the one word `system` (then `master_is_system`).
    std::vector<routing::Target> master_upstream;
    bool master_is_system = false;
    net::NetworkList master_allow;      ///< filled with the default networks
    routing::LocalAnswer no_route_answer = routing::LocalAnswer::refused;
    bool admin_enabled = true;
    std::optional<net::Endpoint> admin;  ///< nothing: port 8080 on both families
    std::vector<std::string> admin_hosts;  ///< in lower case, without a dot at the end
    unsigned workers = 0;                ///< 0: auto
    telemetry::LogLevel log_level = telemetry::LogLevel::info;
    telemetry::LogFormat log_format = telemetry::LogFormat::text;
    std::uint32_t query_log = 0;         ///< one query in so many is logged; 0: none. Routes may say otherwise
    std::optional<io::ReaderAddress> dnstap;  ///< who is told of all messages; nothing: nobody
    std::chrono::milliseconds drain{5000};
    bool strict = false;
    bool allow_all = true;
    net::NetworkList allow;
    net::NetworkList proxy_from;         ///< what comes from there begins with a PROXY header
    std::uint32_t rate_limit = 0;        ///< queries a second for each client network; 0: off
    std::uint32_t tcp_connections = 4096;
    std::uint32_t tcp_connections_per_client = 64;
    std::chrono::milliseconds tcp_idle{10000};
    std::uint32_t tcp_queries = 10000;
    std::uint32_t tcp_inflight = 100;
    std::uint32_t max_inflight = 200000;
    std::uint64_t max_buffered = 0;  ///< bytes; 0: auto
    std::uint64_t cache_size = 0;    ///< bytes; 0: auto
    std::vector<dns::CookieSecret> cookie_secrets;  ///< empty: random ones. Never shown, not even in part
    std::uint32_t metrics_routes = 500;
    std::uint32_t metrics_upstreams = 500;
    TlsSettings tls;
    HttpSettings http;
    std::vector<net::Endpoint> bootstrap;  ///< empty: /etc/resolv.conf
};

/// Where to listen: `listen`, or `[::]:port` (IPv6 only) and `0.0.0.0:port`.
std::vector<net::Endpoint> listen_endpoints(const Settings& settings);

}  // namespace dproxy::config
