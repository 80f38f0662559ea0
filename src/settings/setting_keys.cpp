// SPDX-License-Identifier: MIT
#include "settings/setting_keys.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "dns/name.hpp"
#include "ini/byte_size.hpp"
#include "ini/excerpt.hpp"
#include "ini/typed_values.hpp"
#include "routing/setting_names.hpp"
#include "settings/dnstap_key.hpp"
#include "settings/http_keys.hpp"
#include "settings/owner_pairs.hpp"
#include "settings/setting_words.hpp"
#include "settings/tls_keys.hpp"

namespace dproxy::config {
namespace {

constexpr std::string_view default_master_allow =
    "127.0.0.0/8, ::1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, fc00::/7, 169.254.0.0/16, fe80::/10";
constexpr std::size_t max_admin_hosts = 64;
constexpr std::size_t max_cookie_secrets = 2;
constexpr std::string_view every_network = "0.0.0.0/0, ::/0";

template <auto Field, std::uint64_t Min, std::uint64_t Max>
std::string number(std::string_view value, const SettingCapabilities&, Settings& settings) {
    return take(parse_number(value, Min, Max), settings.*Field);
}

/// A number, or a word for 0.
template <auto Field, const std::string_view& Word, std::uint64_t Max>
std::string number_or_word(std::string_view value, const SettingCapabilities&, Settings& settings) {
    if (equal_words(value, Word)) {
        settings.*Field = 0;
        return {};
    }
    auto fault = take(parse_number(value, 1, Max), settings.*Field);
    return fault.empty() ? fault : fault + ", or `" + std::string(Word) + "`";
}
constexpr std::string_view word_off = "off";
constexpr std::string_view word_auto = "auto";

/// A number of bytes, or `auto` for 0.
template <auto Field, std::uint64_t Min, std::uint64_t Max>
std::string bytes_or_auto(std::string_view value, const SettingCapabilities&, Settings& settings) {
    if (equal_words(value, word_auto)) {
        settings.*Field = 0;
        return {};
    }
    const auto fault = take(parse_byte_size(value, Min, Max), settings.*Field);
    return fault.empty() ? fault : fault + ", or `auto`";
}

template <auto Field>
std::string flag(std::string_view value, const SettingCapabilities&, Settings& settings) {
    return take(parse_switch(value), settings.*Field);
}

std::string listen(std::string_view value, const SettingCapabilities& capabilities, Settings& settings) {
    return take(parse_listen(value, settings.port, capabilities.interface_exists), settings.listen);
}

std::string upstream_location(std::string_view value, const SettingCapabilities&, Settings& settings) {
    return take(parse_paths(value, "directories", max_upstream_locations), settings.upstream_locations);
}

std::string upstream_extension(std::string_view value, const SettingCapabilities&, Settings& settings) {
    if (value.size() < 2 || value.front() != '.' || value.find('/') != std::string_view::npos) {
        return excerpt(value) + " was found; expected the ending of file names, with its dot, such as `.prox`";
    }
    settings.upstream_extension = value;
    return {};
}

std::string owners(std::string_view value, const SettingCapabilities&, Settings& settings) {
    return take(parse_owners(value), settings.owners);
}

/// An empty value is taken: the Go program's files have it where the master upstream is not in use.
std::string master_upstream(std::string_view value, const SettingCapabilities& capabilities, Settings& settings) {
    settings.master_is_system = equal_words(value, "system");
    if (settings.master_is_system || value.empty()) {
        settings.master_upstream.clear();
        return {};
    }
    auto fault = take(parse_targets(value, dns_port), settings.master_upstream);
    for (const auto& target : settings.master_upstream) {
        if (fault.empty()) fault = missing_interface(target.endpoint.address, capabilities.interface_exists);
    }
    return fault;
}

std::string master_allow(std::string_view value, const SettingCapabilities&, Settings& settings) {
    return take(parse_networks(equal_words(value, "all") ? every_network : value), settings.master_allow);
}

std::string allow(std::string_view value, const SettingCapabilities&, Settings& settings) {
    if (equal_words(value, "all")) {
        settings.allow_all = true;
        settings.allow = {};
        return {};
    }
    settings.allow_all = false;
    return take(parse_networks(value), settings.allow);
}

std::string proxy_from(std::string_view value, const SettingCapabilities&, Settings& settings) {
    if (equal_words(value, word_off)) {
        settings.proxy_from = {};
        return {};
    }
    return take(parse_networks(value), settings.proxy_from);
}

std::string no_route_answer(std::string_view value, const SettingCapabilities&, Settings& settings) {
    using routing::LocalAnswer;
    constexpr auto answers =
        named(LocalAnswer::refused, LocalAnswer::nxdomain, LocalAnswer::servfail, LocalAnswer::drop);
    return take(parse_choice(value, answers), settings.no_route_answer);
}

std::string admin(std::string_view value, const SettingCapabilities& capabilities, Settings& settings) {
    settings.admin_enabled = !equal_words(value, word_off);
    if (!settings.admin_enabled) {
        settings.admin.reset();
        return {};
    }
    auto fault = take(parse_endpoint(value, default_admin_port, PortZero::taken), settings.admin);
    return fault.empty() ? missing_interface(settings.admin->address, capabilities.interface_exists) : fault;
}

std::string admin_hosts(std::string_view value, const SettingCapabilities&, Settings& settings) {
    std::vector<std::string> hosts;
    for (const auto item : split_list(value)) {
        const auto name = dns::Name::parse(item, true);
        if (name.fault || name.name.is_root()) {
            return excerpt(item) + " was found; expected host names without a port, such as `dproxy.example.com`";
        }
        hosts.push_back(name.name.to_text());
    }
    if (hosts.empty() || hosts.size() > max_admin_hosts) {
        return "found " + std::to_string(hosts.size()) + " names; expected 1 to " + std::to_string(max_admin_hosts);
    }
    settings.admin_hosts = std::move(hosts);
    return {};
}

std::optional<dns::CookieSecret> parse_cookie_secret(std::string_view digits) {
    dns::CookieSecret secret{};
    if (digits.size() != 2 * secret.size()) return std::nullopt;
    for (std::size_t i = 0; i < secret.size(); ++i) {
        const char* const begin = digits.data() + 2 * i;
        const auto [end, error] = std::from_chars(begin, begin + 2, secret[i], 16);
        if (error != std::errc{} || end != begin + 2) return std::nullopt;
    }
    return secret;
}

/// What was found is not told: it is a secret, or nearly one.
std::string cookie_secret(std::string_view value, const SettingCapabilities&, Settings& settings) {
    std::vector<dns::CookieSecret> secrets;
    const auto items = split_list(value);
    for (const auto item : items) {
        if (const auto secret = parse_cookie_secret(item)) secrets.push_back(*secret);
    }
    if (secrets.size() != items.size() || secrets.empty() || secrets.size() > max_cookie_secrets) {
        const std::string digits = std::to_string(2 * sizeof(dns::CookieSecret));
        const std::string what = items.size() == 1 ? std::to_string(items[0].size()) + " characters were found"
                                                   : std::to_string(items.size()) + " words were found";
        return what + "; expected " + digits + " hex digits, 0 to 9 and a to f (`openssl rand -hex 16` makes them), " +
               "or two such secrets separated by a comma";
    }
    settings.cookie_secrets = std::move(secrets);
    return {};
}

std::string log_level(std::string_view value, const SettingCapabilities&, Settings& settings) {
    using telemetry::LogLevel;
    constexpr std::array levels{
        Choice<LogLevel>{"debug", LogLevel::debug}, Choice<LogLevel>{"info", LogLevel::info},
        Choice<LogLevel>{"warning", LogLevel::warning}, Choice<LogLevel>{"error", LogLevel::error}};
    // `cluster` was a level of the Go program.
    return take(parse_choice(equal_words(value, "cluster") ? "info" : value, levels), settings.log_level);
}

std::string log_format(std::string_view value, const SettingCapabilities&, Settings& settings) {
    using telemetry::LogFormat;
    constexpr std::array formats{Choice<LogFormat>{"text", LogFormat::text},
                                 Choice<LogFormat>{"json", LogFormat::json}};
    return take(parse_choice(value, formats), settings.log_format);
}

std::string query_log(std::string_view value, const SettingCapabilities&, Settings& settings) {
    return take(parse_one_in(value), settings.query_log);
}

std::string drain(std::string_view value, const SettingCapabilities&, Settings& settings) {
    return take(parse_duration(value, std::chrono::milliseconds{0}, max_drain), settings.drain);
}

std::string tcp_idle(std::string_view value, const SettingCapabilities&, Settings& settings) {
    return take(parse_duration(value, min_tcp_idle, max_tcp_idle), settings.tcp_idle);
}

std::string bootstrap(std::string_view value, const SettingCapabilities& capabilities, Settings& settings) {
    std::vector<net::Endpoint> nameservers;
    for (const auto item : split_list(value)) {
        const auto endpoint = parse_endpoint(item, dns_port, PortZero::refused);
        if (!endpoint) {
            return endpoint.fault;
        }
        if (auto fault = missing_interface(endpoint->address, capabilities.interface_exists); !fault.empty()) {
            return fault;
        }
        nameservers.push_back(*endpoint);
    }
    if (nameservers.empty() || nameservers.size() > routing::max_targets_per_route) {
        return "found " + std::to_string(nameservers.size()) + " addresses; expected 1 to " +
               std::to_string(routing::max_targets_per_route);
    }
    settings.bootstrap = std::move(nameservers);
    return {};
}

using S = Settings;
constexpr std::array keys{
    SettingKey{"port", "DNS port on every address, UDP and TCP", "53", number<&S::port, 1, 65535>},
    SettingKey{"listen", "addresses instead: 0.0.0.0:53, [::1]:5300", "[::]:port, 0.0.0.0:port", listen},
    SettingKey{"listen_tls", "addresses of DNS over TLS, 0.0.0.0:853, [::]:853, or off", "off", listen_tls},
    SettingKey{"listen_https", "addresses of DNS over HTTPS, 0.0.0.0:443, [::]:443, or off", "off", listen_https},
    SettingKey{"listen_http", "the same without TLS, behind a proxy that ends it: 0.0.0.0:8053, or off", "off",
               listen_http},
    SettingKey{"https_path", "where questions go over HTTP", "/dns-query", https_path},
    SettingKey{"trusted_proxies", "networks whose Forwarded and X-Forwarded-For are believed, or none", "none",
               trusted_proxies},
    SettingKey{"tls_cert", "PEM files of certificates, each with its chain", "-", tls_cert},
    SettingKey{"tls_key", "PEM files of their private keys, in the same order", "-", tls_key},
    SettingKey{"tls_client_ca", "PEM file: clients must show a certificate of these authorities", "-", tls_client_ca},
    SettingKey{"tls_min", "the least version of TLS: 1.2, 1.3", "1.2", tls_min},
    SettingKey{"tls_ticket_keys", "files of 80 random bytes that all replicas share; the first seals", "-",
               tls_ticket_keys},
    SettingKey{"ddr_name", "name under which clients are told how to ask encrypted, or off", "off", ddr_name},
    SettingKey{"proxy_from", "networks of proxies that tell by a PROXY header who asks, or off", "off", proxy_from},
    SettingKey{"upstreamlocation", "directories of route files, separated by commas", "upstream/", upstream_location},
    SettingKey{"upstreamextension", "ending of route files", ".prox", upstream_extension},
    SettingKey{"owners", "pairs of directory and pattern: team-a=.team-a.example", "-", owners},
    SettingKey{"usemasterupstream", "whether names without a route go to masterupstream", "false",
               flag<&S::use_master_upstream>},
    SettingKey{"masterupstream", "addresses, or system for the nameservers of /etc/resolv.conf", "-", master_upstream},
    SettingKey{"masterallow", "client networks that masterupstream serves, or all",
               "loopback, private and link-local", master_allow},
    SettingKey{"norouteanswer", "without masterupstream: refused, nxdomain, servfail, drop", "refused",
               no_route_answer},
    SettingKey{"admin", "address of the HTTP side, or off", "[::]:8080, both families", admin},
    SettingKey{"admin_hosts", "names by which the HTTP side may be asked besides its own", "-", admin_hosts},
    SettingKey{"workers", "threads on the data path; auto: the CPUs it may use", "auto",
               number_or_word<&S::workers, word_auto, max_workers>},
    SettingKey{"loglevel", "debug, info, warning, error", "info", log_level},
    SettingKey{"logformat", "text, json", "text", log_format},
    SettingKey{"querylog", "off, on, or 1/N for one query in N", "off", query_log},
    SettingKey{"dnstap", "where a dnstap reader listens: unix:/run/dnstap.sock, tcp:HOST:6000, or off", "off",
               dnstap},
    SettingKey{"drain", "after SIGTERM: how long to keep answering", "5s", drain},
    SettingKey{"strict", "refuse to start on a broken route file", "false", flag<&S::strict>},
    SettingKey{"allow", "client networks that may ask at all, or all", "all", allow},
    SettingKey{"ratelimit", "queries a second for each client network, or off", "off",
               number_or_word<&S::rate_limit, word_off, max_rate_limit>},
    SettingKey{"tcp_connections", "TCP connections of all clients", "4096",
               number<&S::tcp_connections, 1, max_tcp_connections>},
    SettingKey{"tcp_connections_per_client", "TCP connections of one client", "64",
               number<&S::tcp_connections_per_client, 1, max_tcp_connections>},
    SettingKey{"tcp_idle", "time without progress until a TCP client is closed", "10s", tcp_idle},
    SettingKey{"tcp_queries", "queries in a TCP connection's life", "10000",
               number<&S::tcp_queries, 1, max_tcp_queries>},
    SettingKey{"tcp_inflight", "queries of a TCP connection at one time", "100",
               number<&S::tcp_inflight, 1, max_tcp_inflight>},
    SettingKey{"max_inflight", "queries in flight in the whole process", "200000",
               number<&S::max_inflight, 1, max_process_inflight>},
    SettingKey{"max_buffered", "bytes kept for others: queries in flight, answers not yet taken", "auto",
               bytes_or_auto<&Settings::max_buffered, min_buffered, max_buffered>},
    SettingKey{"cache_size", "bytes that answers of routes with `cache = on` take", "auto",
               bytes_or_auto<&Settings::cache_size, min_cache, max_buffered>},
    SettingKey{"cookie_secret", "32 hex digits that all replicas share, or two such secrets", "random", cookie_secret},
    SettingKey{"metrics_routes", "routes with a metric label of their own", "500",
               number<&S::metrics_routes, 0, max_metrics_labels>},
    SettingKey{"metrics_upstreams", "upstreams with a metric label of their own", "500",
               number<&S::metrics_upstreams, 0, max_metrics_labels>},
    SettingKey{"bootstrap", "nameservers that resolve upstream host names", "/etc/resolv.conf", bootstrap},
};

constexpr auto key_names = [] {
    std::array<std::string_view, keys.size()> names;
    std::transform(keys.begin(), keys.end(), names.begin(), [](const SettingKey& key) { return key.name; });
    return names;
}();

}  // namespace

std::span<const SettingKey> setting_keys() { return keys; }

std::span<const std::string_view> setting_key_names() { return key_names; }

const SettingKey* find_setting_key(std::string_view name) {
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const SettingKey& k) { return k.name == name; });
    return key == keys.end() ? nullptr : &*key;
}

Settings default_settings() {
    Settings settings;
    settings.master_allow = *parse_networks(default_master_allow);
    return settings;
}

}  // namespace dproxy::config
