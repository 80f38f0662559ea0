// SPDX-License-Identifier: MIT
#include "settings/dnstap_key.hpp"

#include <string>

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::config;

namespace {

Settings after(std::string_view value) {
    Settings settings;
    settings.dnstap = io::ReaderAddress{.path = "/before"};
    const std::string fault = dnstap(value, SettingCapabilities(), settings);
    INFO(fault);
    REQUIRE(fault.empty());
    return settings;
}

std::string fault(std::string_view value) {
    Settings settings;
    return dnstap(value, SettingCapabilities(), settings);
}

}  // namespace

TEST_CASE("where a dnstap reader listens", "[dnstap_key]") {
    CHECK_FALSE(after("off").dnstap);
    CHECK(after("unix:/run/dnstap.sock").dnstap->path == "/run/dnstap.sock");
    CHECK(after("tcp:192.0.2.1:6000").dnstap->path.empty());
    CHECK(after("tcp:192.0.2.1:6000").dnstap->endpoint == *net::Endpoint::parse("192.0.2.1:6000", 0));
    CHECK(after("tcp:[2001:db8::1]:6000").dnstap->endpoint.port == 6000);
    CHECK(after("tcp:192.0.2.1:6000").dnstap->host.empty());
}

TEST_CASE("a reader by its host name", "[dnstap_key]") {
    const auto reader = after("tcp:Collector.Monitoring:6000").dnstap;
    CHECK(reader->host == "collector.monitoring");
    CHECK(reader->endpoint == net::Endpoint{{}, 6000});
    CHECK(after("tcp:collector.example.:6000").dnstap->host == "collector.example.");
}

TEST_CASE("it is told as it is written", "[dnstap_key]") {
    for (const std::string text : {"unix:/run/dnstap.sock", "tcp:192.0.2.1:6000", "tcp:[2001:db8::1]:6000",
                                   "tcp:collector.monitoring:6000", "tcp:collector.example.:6000"}) {
        CHECK(after(text).dnstap->to_string() == text);
    }
}

TEST_CASE("what is no place of a reader", "[dnstap_key]") {
    for (const auto* bad : {"", "on", "/run/dnstap.sock", "unix:", "unix:dnstap.sock", "tcp:192.0.2.1", "tcp:collector",
                            "collector:6000", "udp:192.0.2.1:6000"}) {
        INFO(bad);
        CHECK(fault(bad).find("`tcp:192.0.2.1:6000`, or `off`") != std::string::npos);
    }
}

TEST_CASE("what is no address of a reader, or no port", "[dnstap_key]") {
    CHECK(fault("tcp:") == "nothing is not an address; expected `IP`, `IP:port`, `[IPv6]:port`, `host` or `host:port`");
    for (const auto* bad : {"tcp:192.0.2:6000", "tcp:a b:6000", "tcp:-:6000:6000", "tcp:/run/dnstap.sock:6000"}) {
        INFO(bad);
        CHECK(fault(bad).find("is not an address") != std::string::npos);
    }
    CHECK(fault("tcp:192.0.2.1:0") == "the port of `192.0.2.1`: `0` is out of range; expected 1 to 65535");
    CHECK(fault("tcp:collector.test:x") == "the port of `collector.test`: `x` is not a number; expected 1 to 65535");
    CHECK(fault("tcp:[fe80::1]:6000").find("expected its interface") != std::string::npos);
}

TEST_CASE("a socket's path has a limit", "[dnstap_key]") {
    const std::string longest = "/" + std::string(io::max_socket_path - 1, 'x');
    CHECK(after("unix:" + longest).dnstap->path == longest);
    CHECK(fault("unix:" + longest + "x") == "a path of 108 bytes was found; that of a socket has at most 107");
}

TEST_CASE("the zone of an address is an interface that is there", "[dnstap_key]") {
    CHECK(fault("tcp:[fe80::1%nowhere0]:6000").find("nowhere0") != std::string::npos);
}
