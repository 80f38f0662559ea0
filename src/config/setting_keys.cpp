// SPDX-License-Identifier: MIT
#include "config/setting_keys.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "config/excerpt.hpp"
#include "config/route_keys.hpp"
#include "config/typed_values.hpp"

namespace dproxy::config {
namespace {

constexpr std::string_view default_master_allow =
    "127.0.0.0/8, ::1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, fc00::/7, 169.254.0.0/16, fe80::/10";
constexpr std::string_view every_network = "0.0.0.0/0, ::/0";

/// Stores a good value, hands back the fault of a bad one.
template <typename T, typename Field>
std::string take(Parsed<T> parsed, Field& field) {
    if (parsed) {
        field = static_cast<Field>(std::move(*parsed.value));
    }
    return std::move(parsed.fault);
}

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

template <auto Field>
std::string flag(std::string_view value, const SettingCapabilities&, Settings& settings) {
    return take(parse_switch(value), settings.*Field);
}

std::string listen(std::string_view value, const SettingCapabilities&, Settings& settings) {
    std::vector<net::Endpoint> endpoints;
    for (const auto item : split_list(value)) {
        const auto endpoint = parse_endpoint(item, settings.port, PortZero::taken);
        if (!endpoint) {
            return endpoint.fault;
        }
        if (endpoint->port != 0 && std::find(endpoints.begin(), endpoints.end(), *endpoint) != endpoints.end()) {
            return excerpt(item) + " stands twice";
        }
        endpoints.push_back(*endpoint);
    }
    if (endpoints.empty() || endpoints.size() > max_listen_addresses) {
        return "found " + std::to_string(endpoints.size()) + " addresses; expected 1 to " +
               std::to_string(max_listen_addresses) + ", such as `0.0.0.0:53, [::]:53`";
    }
    settings.listen = std::move(endpoints);
    return {};
}

/// Separated by commas only: a path may hold blanks.
std::string upstream_location(std::string_view value, const SettingCapabilities&, Settings& settings) {
    std::vector<std::string> directories;
    for (bool more = true; more;) {
        const auto comma = value.find(',');
        more = comma != std::string_view::npos;
        auto directory = value.substr(0, comma);
        const auto begin = directory.find_first_not_of(" \t");
        if (begin == std::string_view::npos) {
            return "an empty name was found; expected directories, separated by commas";
        }
        directory = directory.substr(begin, directory.find_last_not_of(" \t") - begin + 1);
        directories.emplace_back(directory);
        value.remove_prefix(more ? comma + 1 : value.size());
    }
    if (directories.size() > max_upstream_locations) {
        return "found " + std::to_string(directories.size()) + " directories; expected at most " +
               std::to_string(max_upstream_locations);
    }
    settings.upstream_locations = std::move(directories);
    return {};
}

std::string upstream_extension(std::string_view value, const SettingCapabilities&, Settings& settings) {
    if (value.size() < 2 || value.front() != '.' || value.find('/') != std::string_view::npos) {
        return excerpt(value) + " was found; expected the ending of file names, with its dot, such as `.prox`";
    }
    settings.upstream_extension = value;
    return {};
}

/// An empty value is taken: the Go program's files have it where the master upstream is not in use.
std::string master_upstream(std::string_view value, const SettingCapabilities&, Settings& settings) {
    settings.master_is_system = equal_words(value, "system");
    if (settings.master_is_system || value.empty()) {
        settings.master_upstream.clear();
        return {};
    }
    return take(parse_targets(value, dns_port), settings.master_upstream);
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

std::string no_route_answer(std::string_view value, const SettingCapabilities&, Settings& settings) {
    using routing::LocalAnswer;
    constexpr std::array answers{
        Choice<LocalAnswer>{"refused", LocalAnswer::refused}, Choice<LocalAnswer>{"nxdomain", LocalAnswer::nxdomain},
        Choice<LocalAnswer>{"servfail", LocalAnswer::servfail}, Choice<LocalAnswer>{"drop", LocalAnswer::drop}};
    return take(parse_choice(value, answers), settings.no_route_answer);
}

std::string admin(std::string_view value, const SettingCapabilities&, Settings& settings) {
    settings.admin_enabled = !equal_words(value, word_off);
    if (!settings.admin_enabled) {
        settings.admin.reset();
        return {};
    }
    return take(parse_endpoint(value, default_admin_port, PortZero::taken), settings.admin);
}

std::string log_level(std::string_view value, const SettingCapabilities&, Settings& settings) {
    constexpr std::array levels{
        Choice<LogLevel>{"debug", LogLevel::debug}, Choice<LogLevel>{"info", LogLevel::info},
        Choice<LogLevel>{"warning", LogLevel::warning}, Choice<LogLevel>{"error", LogLevel::error}};
    // `cluster` was a level of the Go program.
    return take(parse_choice(equal_words(value, "cluster") ? "info" : value, levels), settings.log_level);
}

std::string log_format(std::string_view value, const SettingCapabilities&, Settings& settings) {
    constexpr std::array formats{Choice<LogFormat>{"text", LogFormat::text},
                                 Choice<LogFormat>{"json", LogFormat::json}};
    return take(parse_choice(value, formats), settings.log_format);
}

std::string query_log(std::string_view value, const SettingCapabilities& capabilities, Settings&) {
    if (equal_words(value, word_off)) {
        return {};
    }
    constexpr std::string_view one_of = "1/";
    const bool known = equal_words(value, "on") ||
                       (value.starts_with(one_of) && parse_number(value.substr(one_of.size()), 1, UINT32_MAX));
    if (!known) {
        return excerpt(value) + " was found; expected `off`, `on`, or `1/N` for one query in N";
    }
    return capabilities.query_log ? "" : excerpt(value) + " is not built yet; expected `off`";
}

std::string drain(std::string_view value, const SettingCapabilities&, Settings& settings) {
    return take(parse_duration(value, std::chrono::milliseconds{0}, max_drain), settings.drain);
}

std::string tcp_idle(std::string_view value, const SettingCapabilities&, Settings& settings) {
    return take(parse_duration(value, min_tcp_idle, max_tcp_idle), settings.tcp_idle);
}

std::string bootstrap(std::string_view value, const SettingCapabilities&, Settings& settings) {
    std::vector<net::Endpoint> nameservers;
    for (const auto item : split_list(value)) {
        const auto endpoint = parse_endpoint(item, dns_port, PortZero::refused);
        if (!endpoint) {
            return endpoint.fault;
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
    SettingKey{"upstreamlocation", "directories of route files, separated by commas", "upstream/", upstream_location},
    SettingKey{"upstreamextension", "ending of route files", ".prox", upstream_extension},
    SettingKey{"usemasterupstream", "whether names without a route go to masterupstream", "false",
               flag<&S::use_master_upstream>},
    SettingKey{"masterupstream", "addresses, or system for the nameservers of /etc/resolv.conf", "-", master_upstream},
    SettingKey{"masterallow", "client networks that masterupstream serves, or all",
               "loopback, private and link-local", master_allow},
    SettingKey{"norouteanswer", "without masterupstream: refused, nxdomain, servfail, drop", "refused",
               no_route_answer},
    SettingKey{"admin", "address of the HTTP side, or off", "[::]:8080, both families", admin},
    SettingKey{"workers", "threads on the data path; auto: the CPUs it may use", "auto",
               number_or_word<&S::workers, word_auto, max_workers>},
    SettingKey{"loglevel", "debug, info, warning, error", "info", log_level},
    SettingKey{"logformat", "text, json", "text", log_format},
    SettingKey{"querylog", "off, on, or 1/N for one query in N", "off", query_log},
    SettingKey{"drain", "after SIGTERM: how long to keep answering", "5s", drain},
    SettingKey{"strict", "refuse to start on a broken route file", "false", flag<&S::strict>},
    SettingKey{"allow", "client networks that may ask at all, or all", "all", allow},
    SettingKey{"ratelimit", "queries a second for each client network, or off", "off",
               number_or_word<&S::rate_limit, word_off, max_rate_limit>},
    SettingKey{"tcp_connections", "TCP connections of all clients", "4096",
               number<&S::tcp_connections, 1, max_tcp_connections>},
    SettingKey{"tcp_connections_per_client", "TCP connections of one client", "64",
               number<&S::tcp_connections_per_client, 1, max_tcp_connections>},
    SettingKey{"tcp_idle", "time without a byte until a TCP client is closed", "10s", tcp_idle},
    SettingKey{"tcp_queries", "queries in a TCP connection's life", "10000",
               number<&S::tcp_queries, 1, max_tcp_queries>},
    SettingKey{"tcp_inflight", "queries of a TCP connection at one time", "100",
               number<&S::tcp_inflight, 1, max_tcp_inflight>},
    SettingKey{"max_inflight", "queries in flight in the whole process", "200000",
               number<&S::max_inflight, 1, max_process_inflight>},
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
