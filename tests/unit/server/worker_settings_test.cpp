// SPDX-License-Identifier: MIT
#include "server/worker_settings.hpp"

#include <algorithm>
#include <chrono>

#include "catch.hpp"
#include "server/memory_limit.hpp"
#include "settings/setting_keys.hpp"

using namespace dproxy;
using namespace dproxy::server;

namespace {

dns::ServerCookie cookie_of(const proxy::WorkerOptions& options) {
    return options.cookie_secrets.make({}, net::Address::v4(192, 0, 2, 1), 1'700'000'000);
}

}  // namespace

TEST_CASE("limits of the whole process are shared out, rounded up", "[worker_settings]") {
    config::Settings settings = config::default_settings();
    settings.rate_limit = 10;
    settings.max_inflight = 100;
    settings.max_buffered = 1000;
    settings.tcp_queries = 7;
    settings.tcp_inflight = 5;
    settings.tcp_idle = std::chrono::milliseconds(1500);
    const proxy::WorkerOptions options = worker_options(settings, 3);
    CHECK(options.workers == 3);
    CHECK(options.rate_limit == 4);
    CHECK(options.max_inflight == 34);
    CHECK(options.max_buffered == 334);
    CHECK(options.tcp_queries == 7);  // of one connection, so not shared
    CHECK(options.tcp_inflight == 5);
    CHECK(options.tcp_idle_ns == 1'500'000'000);
}

TEST_CASE("a rate limit that is off stays off, and one below the number of workers on", "[worker_settings]") {
    config::Settings settings = config::default_settings();
    settings.rate_limit = 0;
    CHECK(worker_options(settings, 8).rate_limit == 0);
    settings.rate_limit = 1;
    CHECK(worker_options(settings, 8).rate_limit == 1);
}

TEST_CASE("buffers that are left to dproxy are a part of what it may use", "[worker_settings]") {
    const config::Settings settings = config::default_settings();
    REQUIRE(settings.max_buffered == 0);
    const std::uint64_t whole = default_max_buffered(cgroup_memory_limit());
    CHECK(worker_options(settings, 1).max_buffered == whole);
    CHECK(worker_options(settings, 4).max_buffered == (whole + 3) / 4);
}

TEST_CASE("who may ask, and what is answered without a route, is that of the settings", "[worker_settings]") {
    config::Settings settings = config::default_settings();
    settings.allow_all = false;
    settings.allow = net::NetworkList({*net::Network::parse("192.0.2.0/24")});
    settings.no_route_answer = routing::LocalAnswer::drop;
    settings.proxy_from = net::NetworkList({*net::Network::parse("198.51.100.0/24")});
    const proxy::WorkerOptions options = worker_options(settings, 1);
    CHECK_FALSE(options.allow_all);
    CHECK(options.allow == settings.allow);
    CHECK(options.proxy_from == settings.proxy_from);
    CHECK(options.no_route_answer == routing::LocalAnswer::drop);
}

TEST_CASE("clients are told the port of DNS over TLS that they see", "[worker_settings]") {
    const dns::Name name = dns::Name::parse("dns.example", true).name;
    const dns::Name asked = dns::Name::parse("_dns.resolver.arpa", true).name;
    config::Settings settings = config::default_settings();
    CHECK_FALSE(worker_options(settings, 1).designated.covers(asked.wire()));
    settings.tls.told_name = name;
    const auto is_told = [&](std::uint16_t port) {
        const dns::DesignatedResolver dot{"dot", port};
        const dns::DesignatedResolvers expected(name, {&dot, 1});
        const proxy::WorkerOptions options = worker_options(settings, 1);
        return std::ranges::equal(options.designated.records_of(asked.wire()), expected.records_of(asked.wire()));
    };
    settings.tls.listen = {{net::Address(), 853}, {net::Address(), 8853}};
    CHECK(is_told(0));
    settings.tls.listen = {{net::Address(), 8853}};
    CHECK(is_told(8853));
    settings.tls.told_dot_port = 853;
    CHECK(is_told(0));
}

TEST_CASE("secrets that are not set are drawn, each time others", "[worker_settings]") {
    const config::Settings settings = config::default_settings();
    const auto one = worker_options(settings, 2), other = worker_options(settings, 2);
    CHECK(cookie_of(one) != cookie_of(other));
}

TEST_CASE("secrets that are set are used, the same on every machine", "[worker_settings]") {
    config::Settings settings = config::default_settings();
    settings.cookie_secrets = {dns::CookieSecret{1, 2, 3}};
    const auto one = worker_options(settings, 1), other = worker_options(settings, 4);
    CHECK(cookie_of(one) == cookie_of(other));
}

TEST_CASE("names without a route go to the master upstream, where there is one", "[worker_settings]") {
    config::Settings settings;
    settings.use_master_upstream = false;
    CHECK(server::master_settings(settings) == nullptr);
    settings.use_master_upstream = true;
    settings.master_upstream = {{"", *net::Endpoint::parse("192.0.2.1", 53)}};
    const auto master = server::master_settings(settings);
    REQUIRE(master);
    CHECK(master->targets == settings.master_upstream);
    CHECK_FALSE(master->allow_all);
}
