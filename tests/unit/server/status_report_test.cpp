// SPDX-License-Identifier: MIT
#include "server/status_report.hpp"

#include <boost/json.hpp>

#include "status_scene.hpp"

using namespace dproxy;
using namespace dproxy::server;
using dproxy::test::second;
using dproxy::test::StatusScene;
namespace json = boost::json;

namespace {

json::object status(const StatusScene& scene) { return json::parse(status_json(scene.facts)).as_object(); }

std::string texts(const json::value& array, std::string_view key) {
    std::string text;
    for (const json::value& one : array.as_array()) text += std::string(one.at(key).as_string()) + " ";
    return text;
}

}  // namespace

TEST_CASE("the status says what runs, and where", "[status_report]") {
    StatusScene scene;
    const auto found = status(scene);
    CHECK(found.at("version") == "1.2.3");
    CHECK(found.at("revision") == "abcdef");
    CHECK(found.at("uptime_seconds") == 100);
    CHECK(found.at("ready") == true);
    CHECK_FALSE(found.contains("not_ready"));
    CHECK(found.at("listen") == json::array{"127.0.0.1:53"});
    scene.facts.not_ready = "draining";
    CHECK(status(scene).at("ready") == false);
    CHECK(status(scene).at("not_ready") == "draining");
}

TEST_CASE("what is spoken encrypted, and with which certificates, is told where there is any", "[status_report]") {
    StatusScene scene;
    for (const char* key : {"listen_tls", "listen_https", "listen_http", "certificates", "certificate_faults"}) {
        CHECK_FALSE(status(scene).contains(key));
    }
    scene.facts.listen.tls = {*net::Endpoint::parse("127.0.0.1:853", 0)};
    scene.facts.listen.https = {*net::Endpoint::parse("[::1]:443", 0)};
    scene.facts.listen.http = {*net::Endpoint::parse("127.0.0.1:80", 0)};
    scene.facts.config.certificates = {{"a/tls.crt", true, 1'800'000'000}, {"b/tls.crt", false, std::nullopt}};
    scene.facts.config.certificate_faults = {"b/tls.key: not there"};
    const auto found = status(scene);
    CHECK(found.at("listen_tls") == json::array{"127.0.0.1:853"});
    CHECK(found.at("listen_https") == json::array{"[::1]:443"});
    CHECK(found.at("listen_http") == json::array{"127.0.0.1:80"});
    CHECK(found.at("certificates").at(0) ==
          json::object{{"file", "a/tls.crt"}, {"valid", true}, {"expires_unix_seconds", 1'800'000'000}});
    CHECK(found.at("certificates").at(1) == json::object{{"file", "b/tls.crt"}, {"valid", false}});
    CHECK(found.at("certificate_faults") == json::array{"b/tls.key: not there"});
}

TEST_CASE("an upstream says whether it is up, since when, and what came of its queries", "[status_report]") {
    StatusScene scene;
    auto& counters = scene.counters.upstream(scene.upstream(0).slot);
    counters.inflight.add(3);
    counters.duration.observe(2'000'000);
    counters.duration.observe(4'000'000);
    counters.failures[telemetry::Failure::timeout].add(7);
    counters.usual_reply_ns.set(1'500'000);
    scene.upstream(0).health->changed_ns = 990 * second;
    scene.upstream(1).health->up = false;
    scene.upstream(1).health->changed_ns = 1001 * second;  // by a thread whose clock was read later
    const auto found = status(scene);
    const auto& first = found.at("upstreams").at(0);
    CHECK(first.at("address") == "192.0.2.1:53");
    CHECK(first.at("protocol") == "udp");
    CHECK(first.at("up") == true);
    CHECK(first.at("state_since_seconds") == 10);
    CHECK(first.at("inflight") == 3);
    CHECK(first.at("replies") == 2);
    CHECK(first.at("mean_reply_ms") == 3);
    CHECK(first.at("usual_reply_ms") == 1.5);
    CHECK(first.at("failures") == json::object{{"timeout", 7}});
    const auto& second_one = found.at("upstreams").at(1);
    CHECK(second_one.at("up") == false);
    CHECK(second_one.at("state_since_seconds") == 0);
    CHECK_FALSE(second_one.as_object().contains("mean_reply_ms"));
    CHECK_FALSE(second_one.as_object().contains("usual_reply_ms"));
}

TEST_CASE("of an upstream that shares its counters none are told", "[status_report]") {
    StatusScene scene({"a.test"}, {"192.0.2.1", "192.0.2.2"}, 1);
    scene.counters.upstream(telemetry::other_slot).inflight.add(5);
    const auto found = status(scene);
    std::size_t without = 0;
    for (const auto& one : found.at("upstreams").as_array()) without += !one.as_object().contains("inflight");
    CHECK(without == 1);
}

TEST_CASE("faults of files are told with their places", "[status_report]") {
    StatusScene scene;
    scene.change_routes([](config::RoutesState& routes) {
        routes.success = false;
        routes.faults = {{config::Severity::error, "d/b.prox", 3, "broken"},
                         {config::Severity::warning, "d", 0, "left out"}};
        routes.files = {{"d/a.prox", true, true}, {"d/b.prox", false, true}};
    });
    const auto found = status(scene).at("routes").as_object();
    CHECK(found.at("count") == 2);
    CHECK(found.at("hash") == "c0ffee");
    CHECK(found.at("files").at(0).at("hash").is_null());
    CHECK(found.at("valid") == false);
    CHECK(found.at("faults").at(0) ==
          json::object{{"file", "d/b.prox"}, {"line", 3}, {"severity", "error"}, {"message", "broken"}});
    CHECK(found.at("faults").at(1).at("severity") == "warning");
    CHECK(texts(found.at("files"), "file") == "d/a.prox d/b.prox ");
}

TEST_CASE("of long lists those with something wrong come first, and the rest is counted", "[status_report]") {
    StatusScene scene;
    scene.change_routes([](config::RoutesState& routes) {
        routes.files.assign(max_status_items + 5, {"good", true, true});
        routes.files.back() = {"bad", false, true};
    });
    for (std::size_t i = 0; i < max_status_items + 2; ++i) {
        proxy::HostReport host;
        host.host = "h" + std::to_string(i);
        if (i > max_status_items) host.fault = "no answer";
        scene.facts.hosts.push_back(host);
    }
    const auto found = status(scene);
    const auto& routes = found.at("routes").as_object();
    CHECK(routes.at("files").as_array().size() == max_status_items);
    CHECK(routes.at("files").at(0).at("file") == "bad");
    CHECK(routes.at("files_more") == 5);
    CHECK(found.at("hosts").at(0).at("fault") == "no answer");
    CHECK(found.at("hosts_more") == 2);
    CHECK_FALSE(found.contains("upstreams_more"));
}

TEST_CASE("host names, loops and what is left out are listed", "[status_report]") {
    StatusScene scene;
    proxy::HostReport host;
    host.host = "ns";
    host.found_as = "ns.search.test";
    host.addresses = {*net::Address::parse("192.0.2.1"), *net::Address::parse("2001:db8::1")};
    scene.facts.hosts = {host};
    scene.facts.left_out = std::make_shared<const std::vector<LeftOutReport>>(
        std::vector<LeftOutReport>{{"127.0.0.1:53", "", "a.test", "d/a.prox", 1},
                                   {"[::1]:53", "x", "(master)", "", 0}});
    scene.add_loop("b.test", routing::name_of("b.test").wire().size(), 940 * second);
    scene.add_loop("x.b.test", routing::name_of("b.test").wire().size(), 2000 * second);
    const auto found = status(scene);
    CHECK(found.at("hosts").at(0).at("addresses") == json::array{"192.0.2.1", "2001:db8::1"});
    CHECK(found.at("hosts").at(0).at("found_as") == "ns.search.test");
    CHECK(found.at("left_out").at(0).at("line") == 1);
    CHECK_FALSE(found.at("left_out").at(1).as_object().contains("file"));
    CHECK(found.at("left_out").at(1).at("host") == "x");
    const auto& loop = found.at("loops").at(0);
    CHECK(loop.at("domain") == "b.test");
    CHECK(loop.at("whole_pattern") == true);
    CHECK(loop.at("since_seconds") == 60);
    CHECK(loop.at("file") == "d/a.prox");
    CHECK(found.at("loops").at(1).at("whole_pattern") == false);
    CHECK(found.at("loops").at(1).at("since_seconds") == 0);
}

TEST_CASE("reloads and traffic are told", "[status_report]") {
    StatusScene scene;
    scene.facts.watch = {telemetry::WatchMode::poll, "no more watches"};
    scene.facts.in_force = false;
    scene.facts.config.successes = 5;
    scene.facts.config.failures = 6;
    scene.facts.config.last.time = std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000));
    scene.facts.config.last.duration = std::chrono::microseconds(2500);
    scene.counters.inflight.add(2);
    scene.counters.dropped[telemetry::Drop::rate_limited].add(3);
    scene.counters.rejected[telemetry::Rejection::no_upstream].add(4);
    const auto found = status(scene);
    CHECK(found.at("reloads").at("watch") == "poll");
    CHECK(found.at("reloads").at("watch_reason") == "no more watches");
    CHECK(found.at("reloads").at("in_force") == false);
    CHECK(found.at("reloads").at("successes") == 5);
    CHECK(found.at("reloads").at("failures") == 6);
    CHECK(found.at("reloads").at("last_unix_seconds") == 1'700'000'000);
    CHECK(found.at("reloads").at("last_duration_ms") == 2.5);
    CHECK(found.at("traffic").at("inflight") == 2);
    CHECK(found.at("traffic").at("dropped") == json::object{{"rate_limited", 3}});
    CHECK(found.at("traffic").at("rejected") == json::object{{"no_upstream", 4}});
}

TEST_CASE("what came of kept answers is told, of all routes and workers together", "[status_report]") {
    StatusScene scene;
    scene.facts.cache_size = 1 << 20;
    scene.counters.cache_entries.set(2);
    scene.counters.cache_bytes.set(480);
    auto& one = scene.counters.route(telemetry::first_route_slot).cache;
    auto& other = scene.counters.route(telemetry::first_route_slot + 1).cache;
    one[telemetry::CacheEvent::hit].add(3);
    other[telemetry::CacheEvent::hit].add(4);
    one[telemetry::CacheEvent::miss].add(5);
    other[telemetry::CacheEvent::stale].add(6);
    one[telemetry::CacheEvent::prefetch].add(1);
    one[telemetry::CacheEvent::merged].add(8);
    other[telemetry::CacheEvent::eviction].add(9);
    const json::object expected{{"size", 1 << 20}, {"bytes", 480}, {"entries", 2}, {"hits", 7}, {"misses", 5},
                                {"stale", 6}, {"merged", 8}, {"prefetches", 1}, {"evictions", 9}};
    CHECK(status(scene).at("cache") == expected);
}
