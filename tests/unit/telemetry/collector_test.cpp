// SPDX-License-Identifier: MIT
#include "telemetry/collector.hpp"

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "catch.hpp"
#include "telemetry/metric_catalog.hpp"
#include "telemetry/slot_book.hpp"

using namespace dproxy::telemetry;
using namespace std::chrono_literals;

namespace {

struct Scene {
    WorkerCounters one{first_route_slot + 4, first_upstream_slot + 4};
    WorkerCounters two{first_route_slot + 4, first_upstream_slot + 4};
    PublishedLabels labels;
    ConfigStatus config;
    Log log{{}};
    HandlerFailures failures{log};
    HttpRejections http_rejections;
    Counter query_lines_lost;
    Counter dnstap_lost;
    Collector collector{
        {{"1.2.3", "abcdef"}, {&one, &two}, &labels, &config, &failures, &http_rejections, &query_lines_lost,
         &dnstap_lost}};

    void publish(MetricLabels snapshot) { labels.publish(std::make_shared<const MetricLabels>(std::move(snapshot))); }
    /// Every sample by its name and labels, as written. A sample that stands twice fails the test.
    std::map<std::string, double> samples() const {
        std::map<std::string, double> result;
        std::istringstream page(collector.text());
        for (std::string line; std::getline(page, line);) {
            if (line.starts_with("#")) continue;
            const std::size_t blank = line.rfind(' ');
            REQUIRE(blank != std::string::npos);
            INFO(line);
            CHECK(result.emplace(line.substr(0, blank), std::stod(line.substr(blank + 1))).second);
        }
        return result;
    }
};

std::shared_ptr<const std::atomic<bool>> up(bool value) { return std::make_shared<const std::atomic<bool>>(value); }

std::size_t count_of_name(const std::map<std::string, double>& samples, const std::string& name) {
    std::size_t count = 0;
    for (const auto& [sample, value] : samples) count += sample.starts_with(name + "{") || sample == name;
    return count;
}

}  // namespace

TEST_CASE("every series is there at 0 before anything happens") {
    Scene scene;
    const auto samples = scene.samples();
    CHECK(samples.at(R"(dproxy_build_info{version="1.2.3",revision="abcdef"})") == 1);
    CHECK(samples.at(R"(dproxy_requests_total{transport="udp",family="4",type="A"})") == 0);
    CHECK(count_of_name(samples, "dproxy_requests_total") == count_of<Transport> * 2 * count_of<TypeLabel>);
    CHECK(count_of_name(samples, "dproxy_responses_total") ==
          count_of<Transport> * count_of<Source> * count_of<RcodeLabel>);
    CHECK(count_of_name(samples, "dproxy_dropped_total") == count_of<Drop>);
    CHECK(count_of_name(samples, "dproxy_client_rejected_total") == count_of<Rejection>);
    CHECK(count_of_name(samples, "dproxy_route_requests_total") == 3);
    CHECK(count_of_name(samples, "dproxy_route_responses_total") == 3 * count_of<RcodeLabel>);
    CHECK(count_of_name(samples, "dproxy_upstream_requests_total") == 16);
    CHECK(count_of_name(samples, "dproxy_upstream_failures_total") == count_of<Failure>);
    CHECK(count_of_name(samples, "dproxy_request_duration_seconds_bucket") ==
          count_of<Transport> * DurationHistogram::bucket_count);
    CHECK(count_of_name(samples, "dproxy_tls_handshakes_total") == 2 * count_of<Handshake>);
    CHECK(samples.at(R"(dproxy_request_duration_seconds_bucket{transport="udp",le="0.00025"})") == 0);
    CHECK(samples.at(R"(dproxy_request_duration_seconds_bucket{transport="udp",le="8.192"})") == 0);
    CHECK(samples.at(R"(dproxy_config_reloads_total{result="success"})") == 0);
    CHECK(samples.at(R"(dproxy_config_reloads_total{result="failure"})") == 0);
    CHECK(samples.at(R"(dproxy_config_watch{mode="inotify"})") == 1);
    CHECK(samples.at(R"(dproxy_config_watch{mode="poll"})") == 0);
    CHECK(samples.at("dproxy_config_last_reload_successful") == 0);
    CHECK(samples.at("dproxy_udp_receive_drops_total") == 0);
    CHECK(samples.at("dproxy_worker_errors_total") == 0);
    CHECK(samples.at("process_open_fds") > 0);
}

TEST_CASE("the page has each metric of the catalogue, with its type, labels and help") {
    Scene scene;
    scene.config.record({true, std::chrono::system_clock::time_point(1700000000s), 3ms, 1, "h", {{"a.prox", true}}});
    scene.config.set_certificates({{"tls.crt", true, 1800000000}}, {});
    const std::string page = scene.collector.text();
    for (const MetricDescription& metric : metric_catalog()) {
        const std::string name(metric.name);
        INFO(name);
        CHECK(page.find("# HELP " + name + " " + std::string(metric.help) + "\n") != std::string::npos);
        CHECK(page.find("# TYPE " + name + " " + std::string(name_of(metric.kind)) + "\n") != std::string::npos);
        std::string sample = "\n" + name;
        if (metric.kind == MetricKind::histogram) sample += "_count";
        if (metric.label_count() > 0) sample += "{" + std::string(metric.labels[0]) + "=\"";
        CHECK(page.find(sample) != std::string::npos);
        CHECK((metric.kind == MetricKind::counter) == name.ends_with("_total"));
    }
}

TEST_CASE("the workers are summed") {
    Scene scene;
    scene.one.requests[1][0][TypeLabel::mx].add(3);
    scene.two.requests[1][0][TypeLabel::mx].add(4);
    scene.one.tcp_connections[Side::client].add(5);
    scene.two.tcp_connections[Side::client].add(6);
    scene.one.inflight.add(2);
    scene.two.inflight.subtract(1);
    const auto samples = scene.samples();
    CHECK(samples.at(R"(dproxy_requests_total{transport="tcp",family="4",type="MX"})") == 7);
    CHECK(samples.at(R"(dproxy_tcp_connections{side="client"})") == 11);
    CHECK(samples.at("dproxy_inflight_requests") == 1);
    scene.one.inflight.subtract(2);  // a reading between two writes of two workers
    CHECK(scene.samples().at("dproxy_inflight_requests") == 0);
}

TEST_CASE("each series is fed by its own counters") {
    Scene scene;
    scene.one.responses[1][static_cast<std::size_t>(RcodeLabel::refused)][Source::local].add(2);
    scene.two.dropped[Drop::reply_malformed].add(3);
    scene.one.rejected[Rejection::tcp_framing].add(4);
    scene.one.buffered_bytes.add(5);
    scene.two.shed_networks.add(6);
    scene.two.udp_receive_drops.add(7);
    scene.two.tcp_connections[Side::upstream].add(8);
    scene.http_rejections[HttpRejection::host].add(9);
    const auto samples = scene.samples();
    CHECK(samples.at(R"(dproxy_responses_total{transport="tcp",rcode="REFUSED",source="local"})") == 2);
    CHECK(samples.at(R"(dproxy_dropped_total{reason="reply_malformed"})") == 3);
    CHECK(samples.at(R"(dproxy_client_rejected_total{reason="tcp_framing"})") == 4);
    CHECK(samples.at("dproxy_buffered_bytes") == 5);
    CHECK(samples.at("dproxy_shed_networks") == 6);
    CHECK(samples.at("dproxy_udp_receive_drops_total") == 7);
    CHECK(samples.at(R"(dproxy_tcp_connections{side="upstream"})") == 8);
    CHECK(samples.at(R"(dproxy_http_rejected_total{reason="host"})") == 9);
}

TEST_CASE("a histogram is cumulative, its sum in seconds") {
    Scene scene;
    scene.one.duration[0].observe(200'000);
    scene.two.duration[0].observe(400'000);
    scene.two.duration[0].observe(9'000'000'000);
    const auto samples = scene.samples();
    const std::string name = "dproxy_request_duration_seconds";
    CHECK(samples.at(name + R"(_bucket{transport="udp",le="0.00025"})") == 1);
    CHECK(samples.at(name + R"(_bucket{transport="udp",le="0.0005"})") == 2);
    CHECK(samples.at(name + R"(_bucket{transport="udp",le="8.192"})") == 2);
    CHECK(samples.at(name + R"(_bucket{transport="udp",le="+Inf"})") == 3);
    CHECK(samples.at(name + R"(_count{transport="udp"})") == 3);
    CHECK(std::abs(samples.at(name + R"(_sum{transport="udp"})") - 9.0006) < 1e-9);
}

TEST_CASE("routes have series while they are published") {
    Scene scene;
    scene.publish({{{3, "a.example *.a.example"}, {4, R"(b\032c)"}}, {}});
    scene.one.route(3).requests.add(2);
    scene.two.route(3).responses[RcodeLabel::nxdomain].add(1);
    scene.one.route(4).requests.add(7);
    scene.one.route(no_route_slot).requests.add(8);
    scene.one.route(master_slot).requests.add(9);
    scene.one.route(other_slot).requests.add(10);
    const auto samples = scene.samples();
    CHECK(samples.at(R"(dproxy_route_requests_total{route="a.example *.a.example"})") == 2);
    CHECK(samples.at(R"(dproxy_route_responses_total{route="a.example *.a.example",rcode="NXDOMAIN"})") == 1);
    CHECK(samples.at(R"(dproxy_route_requests_total{route="b\\032c"})") == 7);
    CHECK(samples.at(R"x(dproxy_route_requests_total{route="(none)"})x") == 8);
    CHECK(samples.at(R"x(dproxy_route_requests_total{route="(master)"})x") == 9);
    CHECK(samples.at(R"(dproxy_route_requests_total{route="other"})") == 10);
    scene.publish({});
    CHECK(scene.samples().count(R"(dproxy_route_requests_total{route="b\\032c"})") == 0);
}

TEST_CASE("a route named other, or labels that look alike once escaped, are one series") {
    Scene scene;
    scene.publish({{{3, "other"}, {4, "a\x01"}, {5, "a\\x01"}}, {}});
    scene.one.route(3).requests.add(1);
    scene.one.route(other_slot).requests.add(2);
    scene.one.route(4).requests.add(3);
    scene.one.route(5).requests.add(4);
    const auto samples = scene.samples();  // checks that none stands twice
    CHECK(samples.at(R"(dproxy_route_requests_total{route="other"})") == 3);
    CHECK(samples.at(R"(dproxy_route_requests_total{route="a\\x01"})") == 7);
}

TEST_CASE("upstreams of one address and port are one series, the worst state counts") {
    Scene scene;
    scene.publish({{}, {{1, "127.0.0.1:53", up(true)}, {2, "127.0.0.1:53", up(false)}, {1, "127.0.0.1:53", nullptr},
                        {3, "[::1]:53", nullptr}, {other_slot, "127.0.0.9:53", up(false)}}});
    scene.one.upstream(1).requests[0][AttemptReason::first].add(1);
    scene.two.upstream(2).requests[0][AttemptReason::first].add(2);
    scene.one.upstream(2).inflight.add(5);
    scene.one.upstream(2).duration.observe(1'000'000);
    scene.one.upstream(3).failures[Failure::timeout].add(4);
    const auto samples = scene.samples();
    CHECK(samples.at(R"(dproxy_upstream_requests_total{upstream="127.0.0.1:53",transport="udp",reason="first"})") == 3);
    CHECK(samples.at(R"(dproxy_upstream_up{upstream="127.0.0.1:53"})") == 0);
    CHECK(samples.at(R"(dproxy_upstream_up{upstream="[::1]:53"})") == 1);
    CHECK(samples.at(R"(dproxy_upstream_up{upstream="other"})") == 0);
    CHECK(samples.at(R"(dproxy_upstream_inflight{upstream="127.0.0.1:53"})") == 5);
    CHECK(samples.at(R"(dproxy_upstream_failures_total{upstream="[::1]:53",reason="timeout"})") == 4);
    CHECK(samples.at(R"(dproxy_upstream_duration_seconds_count{upstream="127.0.0.1:53"})") == 1);
    CHECK(std::abs(samples.at(R"(dproxy_upstream_duration_seconds_sum{upstream="127.0.0.1:53"})") - 0.001) < 1e-9);
    CHECK(samples.count(R"(dproxy_upstream_up{upstream="127.0.0.9:53"})") == 0);
}

TEST_CASE("the configuration's state") {
    Scene scene;
    const auto time = std::chrono::system_clock::time_point(1700000000s);
    scene.config.record({false, time, 30ms, 42, "c0ffee", {{"good.prox", true}, {"bad\"\n.prox", false}}});
    scene.config.set_watch(WatchMode::poll);
    const auto samples = scene.samples();
    CHECK(samples.at("dproxy_config_routes") == 42);
    CHECK(samples.at(R"(dproxy_config_file_valid{file="good.prox"})") == 1);
    CHECK(samples.at(R"(dproxy_config_file_valid{file="bad\"\\x0a.prox"})") == 0);
    CHECK(samples.at(R"(dproxy_config_reloads_total{result="failure"})") == 1);
    CHECK(samples.at("dproxy_config_last_reload_successful") == 0);
    CHECK(samples.at("dproxy_config_last_reload_timestamp_seconds") == 1700000000);
    CHECK(samples.at(R"(dproxy_config_reload_duration_seconds_bucket{le="0.025"})") == 0);
    CHECK(samples.at(R"(dproxy_config_reload_duration_seconds_bucket{le="0.05"})") == 1);
    CHECK(samples.at("dproxy_config_reload_duration_seconds_count") == 1);
    CHECK(samples.at(R"(dproxy_config_info{hash="c0ffee"})") == 1);
    CHECK(samples.at(R"(dproxy_config_watch{mode="poll"})") == 1);
}

TEST_CASE("of too many files the broken ones are shown first") {
    Scene scene;
    Reload reload;
    for (std::size_t i = 0; i < max_file_series + 10; ++i) reload.files.push_back({std::to_string(i), true});
    reload.files.back().valid = false;
    scene.config.record(reload);
    const auto samples = scene.samples();
    CHECK(count_of_name(samples, "dproxy_config_file_valid") == max_file_series);
    CHECK(samples.count("dproxy_config_file_valid{file=\"" + reload.files.back().file + "\"}") == 1);
}

TEST_CASE("promtool finds nothing to say") {
    if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
        WARN("promtool (Debian package prometheus) is missing: not checked");
        return;
    }
    Scene scene;
    scene.publish({{{3, "a.example *.a.example"}, {4, "b\\032\"\n\xff\x1b"}}, {{1, "[::1]:53", up(false)}}});
    scene.config.record({true, std::chrono::system_clock::now(), 3ms, 2, "h", {{"a.prox", true}, {"\xff", false}}});
    scene.one.duration[0].observe(123'456);

    char path[] = "/tmp/dproxy_metrics_XXXXXX";
    const int file = ::mkstemp(path);
    REQUIRE(file >= 0);
    const std::string page = scene.collector.text();
    REQUIRE(::write(file, page.data(), page.size()) == static_cast<ssize_t>(page.size()));
    ::close(file);
    FILE* promtool = ::popen(("promtool check metrics < " + std::string(path) + " 2>&1").c_str(), "r");
    REQUIRE(promtool);
    std::string said;
    for (int byte; (byte = std::fgetc(promtool)) != EOF;) said += static_cast<char>(byte);
    const int status = ::pclose(promtool);
    ::unlink(path);
    CHECK(said.empty());
    INFO(said);
    CHECK(status == 0);
}

TEST_CASE("a certificate has its end, where one ever was good") {
    Scene scene;
    scene.config.set_certificates({{"a.crt", true, 1800000000}, {"b\n.crt", false, {}}}, {});
    const auto samples = scene.samples();
    CHECK(samples.at(R"(dproxy_tls_certificate_valid{file="a.crt"})") == 1);
    CHECK(samples.at(R"(dproxy_tls_certificate_expiry_timestamp_seconds{file="a.crt"})") == 1800000000);
    CHECK(count_of_name(samples, "dproxy_tls_certificate_valid") == 2);
    CHECK(count_of_name(samples, "dproxy_tls_certificate_expiry_timestamp_seconds") == 1);
}
