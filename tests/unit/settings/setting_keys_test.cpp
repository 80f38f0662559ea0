// SPDX-License-Identifier: MIT
#include "settings/setting_keys.hpp"

#include <set>

#include "catch.hpp"
#include "settings/setting_words.hpp"

namespace {

using namespace dproxy::config;
using dproxy::net::Address;
using dproxy::net::Endpoint;
using dproxy::routing::LocalAnswer;
using dproxy::telemetry::LogFormat;
using dproxy::telemetry::LogLevel;
using std::chrono::milliseconds;

/// Applies one value; fails the test where it is refused.
Settings after(std::string_view key, std::string_view value, SettingCapabilities capabilities = {}) {
    auto settings = default_settings();
    const auto* known = find_setting_key(key);
    REQUIRE(known != nullptr);
    INFO(key << " = " << value);
    REQUIRE(known->apply(value, capabilities, settings) == "");
    return settings;
}

/// What is said of a value that is refused.
std::string fault(std::string_view key, std::string_view value, SettingCapabilities capabilities = {}) {
    auto settings = default_settings();
    return find_setting_key(key)->apply(value, capabilities, settings);
}

Endpoint endpoint(std::string_view text) { return *Endpoint::parse(text, 0); }

}  // namespace

TEST_CASE("every key is in the table once, with a meaning of one line", "[settings]") {
    std::set<std::string_view> names;
    for (const auto& key : setting_keys()) {
        CHECK(names.insert(key.name).second);
        CHECK_FALSE(key.meaning.empty());
        CHECK_FALSE(key.default_text.empty());
        CHECK(key.meaning.find('\n') == std::string_view::npos);
        CHECK(find_setting_key(key.name) == &key);
    }
    CHECK(setting_key_names().size() == 44);
    CHECK(find_setting_key("Port") == nullptr);
    CHECK(find_setting_key("") == nullptr);
}

TEST_CASE("a default in the table is what the settings hold", "[settings]") {
    // Applying what the help calls the default changes nothing.
    for (const std::string_view name : {"port",
                                        "listen_tls",
                                        "listen_https",
                                        "listen_http",
                                        "https_path",
                                        "trusted_proxies",
                                        "tls_min",
                                        "ddr_name",
                                        "proxy_from",
                                        "upstreamlocation",
                                        "upstreamextension",
                                        "usemasterupstream",
                                        "norouteanswer",
                                        "workers",
                                        "loglevel",
                                        "logformat",
                                        "querylog", "dnstap",
                                        "drain",
                                        "strict",
                                        "allow",
                                        "ratelimit",
                                        "tcp_connections",
                                        "tcp_connections_per_client",
                                        "tcp_idle",
                                        "tcp_queries",
                                        "tcp_inflight",
                                        "max_inflight",
                                        "max_buffered",
                                        "metrics_routes",
                                        "metrics_upstreams"}) {
        const auto defaults = default_settings();
        const auto s = after(name, find_setting_key(name)->default_text);
        CHECK(s.port == defaults.port);
        CHECK(s.http.path == defaults.http.path);
        CHECK(s.upstream_locations == defaults.upstream_locations);
        CHECK(s.upstream_extension == defaults.upstream_extension);
        CHECK(s.use_master_upstream == defaults.use_master_upstream);
        CHECK(s.no_route_answer == defaults.no_route_answer);
        CHECK(s.workers == defaults.workers);
        CHECK(s.log_level == defaults.log_level);
        CHECK((s.log_format == defaults.log_format && !s.dnstap && !defaults.dnstap));
        CHECK(s.drain == defaults.drain);
        CHECK(s.strict == defaults.strict);
        CHECK(s.allow_all == defaults.allow_all);
        CHECK(s.proxy_from == defaults.proxy_from);
        CHECK(s.tls.told_name.has_value() == defaults.tls.told_name.has_value());
        CHECK(s.rate_limit == defaults.rate_limit);
        CHECK(s.tcp_connections == defaults.tcp_connections);
        CHECK(s.tcp_connections_per_client == defaults.tcp_connections_per_client);
        CHECK(s.tcp_idle == defaults.tcp_idle);
        CHECK((s.tcp_queries == defaults.tcp_queries && s.tcp_inflight == defaults.tcp_inflight));
        CHECK(s.max_inflight == defaults.max_inflight);
        CHECK(s.max_buffered == defaults.max_buffered);
        CHECK(s.cache_size == defaults.cache_size);
        CHECK(s.metrics_routes == defaults.metrics_routes);
        CHECK(s.metrics_upstreams == defaults.metrics_upstreams);
    }
}

TEST_CASE("port", "[settings]") {
    CHECK(after("port", "1053").port == 1053);
    CHECK(after("port", "65535").port == 65535);
    for (const auto* bad : {"0", "65536", "-1", "53x", "", "tcp://10.0.0.1:53"}) {
        INFO(bad);
        CHECK(fault("port", bad).find("1 to 65535") != std::string::npos);
    }
}

TEST_CASE("cache_size", "[settings]") {
    CHECK(after("cache_size", "auto").cache_size == 0);
    CHECK(after("cache_size", "1MiB").cache_size == 1u << 20);
    CHECK(fault("cache_size", "1048575").find("`auto`") != std::string::npos);
    CHECK(fault("cache_size", "off").find("`auto`") != std::string::npos);
}

TEST_CASE("max_buffered", "[settings]") {
    CHECK(after("max_buffered", "auto").max_buffered == 0);
    CHECK(after("max_buffered", "4MiB").max_buffered == 4u << 20);
    CHECK(after("max_buffered", "100000000").max_buffered == 100'000'000);
    for (const auto* bad : {"0", "4095KiB", "off", "", "1025GiB"}) {
        INFO(bad);
        CHECK(fault("max_buffered", bad).ends_with("or `auto`"));
    }
}

TEST_CASE("listen", "[settings]") {
    CHECK(after("listen", "0.0.0.0:53, [::1]:5300").listen ==
          std::vector{endpoint("0.0.0.0:53"), endpoint("[::1]:5300")});
    CHECK(after("listen", "127.0.0.1").listen == std::vector{endpoint("127.0.0.1:53")});
    CHECK(after("listen", "127.0.0.1:0 127.0.0.1:0").listen.size() == 2);  // two free ports
    CHECK(fault("listen", "").find("expected 1 to 64") != std::string::npos);
    CHECK(fault("listen", "localhost:53").find("`localhost:53`") != std::string::npos);
    CHECK(fault("listen", "127.0.0.1:53, 127.0.0.1").find("`127.0.0.1` stands twice") != std::string::npos);

    std::string many;
    for (std::size_t i = 0; i < max_listen_addresses; ++i) many += "127.0.0.1:" + std::to_string(1000 + i) + ",";
    CHECK(after("listen", many).listen.size() == max_listen_addresses);
    CHECK(fault("listen", many + "127.0.0.2:1").find("found 65 addresses") != std::string::npos);
}

TEST_CASE("upstreamlocation", "[settings]") {
    using Names = std::vector<std::string>;
    CHECK(after("upstreamlocation", "upstream/").upstream_locations == Names{"upstream/"});
    CHECK(after("upstreamlocation", " /a b/c ,\t/d ").upstream_locations == Names{"/a b/c", "/d"});
    for (const auto* bad : {"", "a,", ",a", "a,,b", " , "}) {
        INFO(bad);
        CHECK(fault("upstreamlocation", bad).find("separated by commas") != std::string::npos);
    }
    std::string many = "a";
    for (std::size_t i = 0; i < max_upstream_locations; ++i) many += ",a";
    CHECK(fault("upstreamlocation", many).find("at most 64") != std::string::npos);
}

TEST_CASE("upstreamextension", "[settings]") {
    CHECK(after("upstreamextension", ".conf").upstream_extension == ".conf");
    for (const auto* bad : {"", ".", "prox", "./prox"}) {
        INFO(bad);
        CHECK(fault("upstreamextension", bad).find("with its dot") != std::string::npos);
    }
}

TEST_CASE("usemasterupstream and strict are switches", "[settings]") {
    CHECK(after("usemasterupstream", "true").use_master_upstream);
    CHECK(after("usemasterupstream", "On").use_master_upstream);
    CHECK_FALSE(after("usemasterupstream", "no").use_master_upstream);
    CHECK(after("strict", "yes").strict);
    CHECK_FALSE(fault("usemasterupstream", "").empty());
    CHECK(fault("strict", "maybe").find("`maybe`") != std::string::npos);
}

TEST_CASE("masterupstream", "[settings]") {
    const auto two = after("masterupstream", "8.8.8.8:53, [2001:4860:4860::8888]:5353");
    REQUIRE(two.master_upstream.size() == 2);
    CHECK(two.master_upstream[0].endpoint == endpoint("8.8.8.8:53"));
    CHECK(two.master_upstream[1].endpoint == endpoint("[2001:4860:4860::8888]:5353"));
    CHECK_FALSE(two.master_is_system);
    CHECK(after("masterupstream", "9.9.9.9").master_upstream[0].endpoint.port == 53);
    CHECK(after("masterupstream", "dns.example").master_upstream[0].host == "dns.example");
    CHECK(after("masterupstream", "").master_upstream.empty());
    CHECK_FALSE(fault("masterupstream", "8.8.8.8:99999").empty());

    auto settings = after("masterupstream", "8.8.8.8");
    CHECK(find_setting_key("masterupstream")->apply("System", {}, settings) == "");
    CHECK(settings.master_is_system);
    CHECK(settings.master_upstream.empty());
    CHECK(find_setting_key("masterupstream")->apply("8.8.8.8", {}, settings) == "");
    CHECK_FALSE(settings.master_is_system);
}

TEST_CASE("masterallow is private networks unless it says more", "[settings]") {
    const auto defaults = default_settings().master_allow;
    for (const auto* inside :
         {"127.0.0.1", "127.255.0.1", "::1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.7.7", "100.64.0.1",
          "100.127.255.255", "fc00::1", "fd12::1", "169.254.1.1", "fe80::1"}) {
        INFO(inside);
        CHECK(defaults.contains(*Address::parse(inside)));
    }
    for (const auto* outside : {"8.8.8.8", "172.15.255.255", "172.32.0.0", "192.169.0.1", "100.63.255.255",
                                "100.128.0.0", "2001:db8::1", "fe00::1", "fec0::1", "::2", "11.0.0.0"}) {
        INFO(outside);
        CHECK_FALSE(defaults.contains(*Address::parse(outside)));
    }
    const auto own = after("masterallow", "203.0.113.0/24").master_allow;
    CHECK(own.contains(*Address::parse("203.0.113.9")));
    CHECK_FALSE(own.contains(*Address::parse("127.0.0.1")));
    const auto all = after("masterallow", "all").master_allow;
    CHECK(all.contains(*Address::parse("8.8.8.8")));
    CHECK(all.contains(*Address::parse("2001:db8::1")));
    CHECK(fault("masterallow", "10.0.0.0/33").find("10.0.0.0/33") != std::string::npos);
    CHECK_FALSE(fault("masterallow", "").empty());
}

TEST_CASE("proxy_from", "[settings]") {
    const auto some = after("proxy_from", "10.0.5.0/24, fd00:5::1").proxy_from;
    CHECK(some.contains(*Address::parse("10.0.5.9")));
    CHECK(some.contains(*Address::parse("fd00:5::1")));
    CHECK_FALSE(some.contains(*Address::parse("10.0.6.9")));
    auto settings = after("proxy_from", "10.0.5.0/24");
    CHECK(find_setting_key("proxy_from")->apply("Off", {}, settings) == "");
    CHECK(settings.proxy_from.empty());
    CHECK(fault("proxy_from", "lb.example").find("`lb.example`") != std::string::npos);
    CHECK_FALSE(fault("proxy_from", "").empty());
}

TEST_CASE("allow", "[settings]") {
    const auto some = after("allow", "10.0.0.0/8 ::1");
    CHECK_FALSE(some.allow_all);
    CHECK(some.allow.contains(*Address::parse("10.9.9.9")));
    CHECK_FALSE(some.allow.contains(*Address::parse("11.9.9.9")));
    auto settings = some;
    CHECK(find_setting_key("allow")->apply("All", {}, settings) == "");
    CHECK(settings.allow_all);
    CHECK(fault("allow", "everyone").find("`everyone`") != std::string::npos);
}

TEST_CASE("norouteanswer", "[settings]") {
    CHECK(after("norouteanswer", "refused").no_route_answer == LocalAnswer::refused);
    CHECK(after("norouteanswer", "NXDOMAIN").no_route_answer == LocalAnswer::nxdomain);
    CHECK(after("norouteanswer", "servfail").no_route_answer == LocalAnswer::servfail);
    CHECK(after("norouteanswer", "drop").no_route_answer == LocalAnswer::drop);
    CHECK(fault("norouteanswer", "nodata").find("`servfail`") != std::string::npos);
}

TEST_CASE("admin_hosts are names without a port", "[settings]") {
    CHECK(default_settings().admin_hosts.empty());
    CHECK(after("admin_hosts", "DNS.example.com., x.test").admin_hosts ==
          std::vector<std::string>{"dns.example.com", "x.test"});
    CHECK(fault("admin_hosts", "a..b").find("`a..b`") != std::string::npos);
    CHECK_FALSE(fault("admin_hosts", ".").empty());
    CHECK_FALSE(fault("admin_hosts", "").empty());
    std::string many;
    for (int i = 0; i < 65; ++i) many += "n" + std::to_string(i) + ".test ";
    CHECK(fault("admin_hosts", many).find("expected 1 to 64") != std::string::npos);
}

TEST_CASE("admin", "[settings]") {
    CHECK(default_settings().admin_enabled);
    CHECK_FALSE(default_settings().admin);
    CHECK(after("admin", "127.0.0.1:9090").admin == endpoint("127.0.0.1:9090"));
    CHECK(after("admin", "::1").admin == endpoint("[::1]:8080"));
    CHECK(after("admin", "127.0.0.1:0").admin == endpoint("127.0.0.1:0"));
    auto settings = after("admin", "127.0.0.1");
    CHECK(find_setting_key("admin")->apply("off", {}, settings) == "");
    CHECK_FALSE(settings.admin_enabled);
    CHECK(find_setting_key("admin")->apply("127.0.0.1", {}, settings) == "");
    CHECK(settings.admin_enabled);
    CHECK(fault("admin", "http://127.0.0.1").find("`http://127.0.0.1`") != std::string::npos);
}

TEST_CASE("numbers with a word for none", "[settings]") {
    CHECK(after("workers", "4").workers == 4);
    CHECK(after("workers", "AUTO").workers == 0);
    CHECK(after("workers", "1024").workers == max_workers);
    for (const auto* bad : {"0", "1025", "many", ""}) {
        INFO(bad);
        const auto message = fault("workers", bad);
        CHECK(message.find("1 to 1024") != std::string::npos);
        CHECK(message.find("`auto`") != std::string::npos);
    }
    CHECK(after("ratelimit", "50").rate_limit == 50);
    CHECK(after("ratelimit", "off").rate_limit == 0);
    CHECK(fault("ratelimit", "1000001").find("1 to 1000000, or `off`") != std::string::npos);
}

TEST_CASE("the log", "[settings]") {
    CHECK(after("loglevel", "debug").log_level == LogLevel::debug);
    CHECK(after("loglevel", "Warning").log_level == LogLevel::warning);
    CHECK(after("loglevel", "error").log_level == LogLevel::error);
    CHECK(after("loglevel", "cluster").log_level == LogLevel::info);
    CHECK(fault("loglevel", "verbose").find("`warning`") != std::string::npos);
    CHECK(after("logformat", "json").log_format == LogFormat::json);
    CHECK(fault("logformat", "xml").find("`text`") != std::string::npos);
}

TEST_CASE("the query log", "[settings]") {
    CHECK(after("querylog", "off").query_log == 0);
    CHECK(after("querylog", "on").query_log == 1);
    CHECK(after("querylog", "1/100").query_log == 100);
    for (const auto* bad : {"1/0", "2/3", "1/", "100", ""}) {
        INFO(bad);
        CHECK(fault("querylog", bad).find("1/N") != std::string::npos);
    }
}

TEST_CASE("bootstrap is a list of addresses", "[settings]") {
    CHECK(after("bootstrap", "127.0.0.53, [::1]:54").bootstrap ==
          std::vector{endpoint("127.0.0.53:53"), endpoint("[::1]:54")});
    CHECK(fault("bootstrap", "dns.example").find("`dns.example`") != std::string::npos);
    CHECK_FALSE(fault("bootstrap", "127.0.0.1:0").empty());
    CHECK(fault("bootstrap", "").find("expected 1 to 64") != std::string::npos);
}

TEST_CASE("drain and tcp_idle are durations", "[settings]") {
    CHECK(after("drain", "0s").drain == milliseconds{0});
    CHECK(after("drain", "10m").drain == max_drain);
    CHECK(fault("drain", "11m").find("0s to 10m") != std::string::npos);
    CHECK_FALSE(fault("drain", "5").empty());
    CHECK(after("tcp_idle", "250ms").tcp_idle == milliseconds{250});
    CHECK(fault("tcp_idle", "99ms").find("100ms") != std::string::npos);
    CHECK(fault("tcp_idle", "61m").find("60m") != std::string::npos);
}

TEST_CASE("limits name their range", "[settings]") {
    struct Limit {
        std::string_view key;
        std::uint32_t Settings::*field;
        std::uint32_t min;
        std::uint32_t max;
    };
    const Limit limits[] = {
        {"tcp_connections", &Settings::tcp_connections, 1, max_tcp_connections},
        {"tcp_connections_per_client", &Settings::tcp_connections_per_client, 1, max_tcp_connections},
        {"tcp_queries", &Settings::tcp_queries, 1, max_tcp_queries},
        {"tcp_inflight", &Settings::tcp_inflight, 1, max_tcp_inflight},
        {"max_inflight", &Settings::max_inflight, 1, max_process_inflight},
        {"metrics_routes", &Settings::metrics_routes, 0, max_metrics_labels},
        {"metrics_upstreams", &Settings::metrics_upstreams, 0, max_metrics_labels},
    };
    for (const auto& limit : limits) {
        CHECK(after(limit.key, std::to_string(limit.min)).*limit.field == limit.min);
        CHECK(after(limit.key, std::to_string(limit.max)).*limit.field == limit.max);
        const auto range = std::to_string(limit.min) + " to " + std::to_string(limit.max);
        CHECK(fault(limit.key, std::to_string(std::uint64_t{limit.max} + 1)).find(range) != std::string::npos);
        CHECK(fault(limit.key, "-1").find(range) != std::string::npos);
        CHECK_FALSE(fault(limit.key, "").empty());
        if (limit.min > 0) CHECK(fault(limit.key, "0").find(range) != std::string::npos);
    }
}
