// SPDX-License-Identifier: MIT
#include "routing/route_settings.hpp"

#include <set>

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::routing;

namespace {

net::Address address(const char* text) { return *net::Address::parse(text); }

}  // namespace

TEST_CASE("a reply moves on where its rcode is named, and by no other", "[route_settings]") {
    const std::uint8_t all = fallback::servfail | fallback::refused | fallback::nxdomain;
    for (unsigned rcode = 0; rcode < 256; ++rcode) {
        const auto number = static_cast<std::uint8_t>(rcode);
        INFO(rcode);
        CHECK_FALSE(fallback::names(fallback::none, number));
        CHECK(fallback::names(fallback::servfail, number) == (rcode == 2));
        CHECK(fallback::names(fallback::nxdomain, number) == (rcode == 3));
        CHECK(fallback::names(fallback::refused, number) == (rcode == 5));
        CHECK(fallback::names(all, number) == (rcode == 2 || rcode == 3 || rcode == 5));
    }
}

TEST_CASE("who may use a route", "[route_settings]") {
    RouteSettings settings;
    CHECK(settings.allows(address("192.0.2.1")));
    settings.allow_all = false;
    CHECK_FALSE(settings.allows(address("192.0.2.1")));  // nobody is named
    settings.allow = net::NetworkList({*net::Network::parse("192.0.2.0/24")});
    CHECK(settings.allows(address("192.0.2.1")));
    CHECK_FALSE(settings.allows(address("192.0.3.1")));
    CHECK_FALSE(settings.allows(address("::1")));
    settings.allow_all = true;
    CHECK(settings.allows(address("::1")));
}

TEST_CASE("an upstream is another one by each of its parts", "[route_settings]") {
    UpstreamKey plain;
    plain.endpoint = {address("192.0.2.1"), 53};
    std::set<UpstreamKey> keys{plain};
    const auto with = [&](auto change) {
        UpstreamKey key = plain;
        change(key);
        keys.insert(key);
    };
    with([](UpstreamKey& key) { key.endpoint.address = address("192.0.2.2"); });
    with([](UpstreamKey& key) { key.endpoint.port = 54; });
    with([](UpstreamKey& key) { key.protocol = Protocol::tcp; });
    with([](UpstreamKey& key) { key.proxy_protocol = true; });
    with([](UpstreamKey& key) { key.tls.verify = false; });
    with([](UpstreamKey& key) { key.tls.name = "dns.test"; });
    with([](UpstreamKey& key) { key.tls.pins = {"sha256/x"}; });
    const auto text = [](const char* words) { return std::make_shared<const std::string>(words); };
    with([&](UpstreamKey& key) { key.tls.authorities = {"ca.pem", text("some")}; });
    with([&](UpstreamKey& key) { key.tls.authorities = {"ca.pem", text("others")}; });
    with([&](UpstreamKey& key) { key.tls.authorities = {"other.pem", text("some")}; });
    with([&](UpstreamKey& key) { key.tls.certificate = {"a.crt", text("some")}; });
    with([&](UpstreamKey& key) { key.tls.key = {"a.key", text("some")}; });
    CHECK(keys.size() == 13);
    with([](UpstreamKey&) {});
    with([&](UpstreamKey& key) { key.tls.authorities = {"ca.pem", text("some")}; });
    CHECK(keys.size() == 13);
}
