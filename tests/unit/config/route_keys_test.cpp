// SPDX-License-Identifier: MIT
#include "config/route_keys.hpp"

#include <set>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "mentions.hpp"

namespace dproxy::config {
namespace {

using Keys = std::vector<std::pair<std::string_view, std::string_view>>;

constexpr Capabilities everything{true, true, true, true};

struct Reading {
    std::optional<routing::RouteSettings> settings;
    Diagnostics faults;
};

/// The keys stand in lines 2, 3, ... of a section that begins in line 1.
Reading read(const Keys& keys, const Capabilities& capabilities = {}) {
    Reading reading;
    RouteDraft draft(1, capabilities);
    std::uint32_t line = 2;
    for (const auto& [key, value] : keys) draft.set(line++, key, value, reading.faults);
    reading.settings = draft.finish(reading.faults);
    CHECK(reading.settings.has_value() == reading.faults.empty());
    return reading;
}

/// The settings of a section with an address and this key.
routing::RouteSettings with(std::string_view key, std::string_view value, const Capabilities& capabilities = {}) {
    const Reading reading = read({{"address", "192.0.2.1"}, {key, value}}, capabilities);
    INFO((reading.faults.empty() ? "" : reading.faults[0].message));
    REQUIRE(reading.settings);
    return *reading.settings;
}

/// The only fault of a section with an address and this key; it names the key and its line.
std::string fault(std::string_view key, std::string_view value, const Capabilities& capabilities = {}) {
    const Reading reading = read({{"address", "192.0.2.1"}, {key, value}}, capabilities);
    REQUIRE(reading.faults.size() == 1);
    CHECK(reading.faults[0].line == 3);
    CHECK(mentions(reading.faults[0].message, key));
    return reading.faults[0].message;
}

/// Refused as not built, and good where it is.
void is_switched_on(std::string_view key, std::string_view value) {
    INFO(key << " = " << value);
    CHECK(mentions(fault(key, value), "not supported by this version yet"));
    with(key, value, everything);
}

}  // namespace

TEST_CASE("a section that says nothing but an address has the defaults", "[route_keys]") {
    const auto settings = read({{"address", "192.0.2.1"}}).settings;
    REQUIRE(settings);
    routing::RouteSettings expected;
    expected.targets = {{"", {net::Address::v4(192, 0, 2, 1), 53}}};
    CHECK(*settings == expected);
    CHECK(settings->policy == routing::Policy::least_outstanding);
    CHECK(settings->health == routing::Health::on);
    CHECK(settings->timeout.count() == 4000);
    CHECK(settings->attempts == 2);
    CHECK(settings->max_inflight == 10000);
}

TEST_CASE("ports: of the address, of the section, of the protocol, wherever the keys stand", "[route_keys]") {
    const auto ports = [](const Keys& keys) {
        std::vector<int> out;
        const Reading reading = read(keys, everything);
        REQUIRE(reading.settings);
        for (const auto& target : reading.settings->targets) out.push_back(target.endpoint.port);
        return out;
    };
    CHECK(ports({{"address", "192.0.2.1, 192.0.2.2:9053, [::1]:99, ::1"}, {"port", "8053"}}) ==
          std::vector<int>{8053, 9053, 99, 8053});
    CHECK(ports({{"port", "8053"}, {"address", "192.0.2.1"}}) == std::vector<int>{8053});
    CHECK(ports({{"address", "192.0.2.1"}, {"protocol", "tcp"}}) == std::vector<int>{53});
    CHECK(ports({{"address", "192.0.2.1"}, {"protocol", "tls"}}) == std::vector<int>{853});
    CHECK(ports({{"address", "192.0.2.1"}, {"protocol", "https"}}) == std::vector<int>{443});
    CHECK(ports({{"address", "192.0.2.1"}, {"protocol", "tls"}, {"port", "53"}}) == std::vector<int>{53});
    with("port", "1");
    with("port", "65535");
    CHECK(fault("port", "0") == "`port`: `0` is out of range; expected 1 to 65535");
    fault("port", "65536");
    fault("port", "");
}

TEST_CASE("the same address twice is one upstream", "[route_keys]") {
    const auto settings = read({{"address", "192.0.2.1 192.0.2.2 192.0.2.1:53 192.0.2.3"}}).settings;
    REQUIRE(settings);
    REQUIRE(settings->targets.size() == 3);
    CHECK(settings->targets[2].endpoint.address == net::Address::v4(192, 0, 2, 3));
}

TEST_CASE("faults of an address are of its line", "[route_keys]") {
    const Reading reading = read({{"port", "53"}, {"address", "192.0.2.1:0"}});
    REQUIRE(reading.faults.size() == 1);
    CHECK(reading.faults[0].line == 3);
    CHECK(reading.faults[0].message == "`address`: the port of `192.0.2.1`: `0` is out of range; expected 1 to 65535");
    CHECK(read({{"address", ""}}).faults.at(0).message.starts_with("`address`: nothing was found"));
}

TEST_CASE("an address or an answer, not both", "[route_keys]") {
    const Reading neither = read({{"port", "53"}});
    REQUIRE(neither.faults.size() == 1);
    CHECK(neither.faults[0].line == 1);
    CHECK(neither.faults[0].message == "the section has neither `address` nor `answer`; expected one of them");
    const Reading both = read({{"answer", "refused"}, {"address", "192.0.2.1"}});
    REQUIRE(both.faults.size() == 1);
    CHECK(both.faults[0].line == 2);
    CHECK(both.faults[0].message == "`answer` stands beside `address`; expected one of them");
}

TEST_CASE("a section that is spoilt in form is not told to lack an address", "[route_keys]") {
    Diagnostics faults;
    RouteDraft draft(1, {});
    draft.spoil();
    CHECK_FALSE(draft.finish(faults));
    CHECK(faults.empty());
}

TEST_CASE("answers of a route", "[route_keys]") {
    using routing::LocalAnswer;
    const auto answer = [](std::string_view word) {
        const auto settings = read({{"answer", word}}).settings;
        REQUIRE(settings);
        CHECK(settings->targets.empty());
        return settings->answer;
    };
    CHECK(answer("refused") == LocalAnswer::refused);
    CHECK(answer("nxdomain") == LocalAnswer::nxdomain);
    CHECK(answer("NODATA") == LocalAnswer::nodata);
    CHECK(answer("servfail") == LocalAnswer::servfail);
    CHECK(answer("drop") == LocalAnswer::drop);
    CHECK(read({{"answer", "none"}}).faults.at(0).message ==
          "`answer`: `none` was found; expected `refused`, `nxdomain`, `nodata`, `servfail` or `drop`");
    CHECK(read({{"answer", "refused"}, {"allow", "10.0.0.0/8"}}).settings);
}

TEST_CASE("limits of numbers and durations", "[route_keys]") {
    CHECK(with("timeout", "10ms").timeout.count() == 10);
    CHECK(with("timeout", "1m").timeout.count() == 60'000);
    CHECK(mentions(fault("timeout", "9ms"), "expected 10ms to 1m"));
    CHECK(mentions(fault("timeout", "61s"), "out of range"));
    CHECK(mentions(fault("timeout", "4"), "not a duration"));
    CHECK(with("attempts", "1").attempts == 1);
    CHECK(with("attempts", "5").attempts == 5);
    CHECK(mentions(fault("attempts", "0"), "expected 1 to 5"));
    CHECK(mentions(fault("attempts", "6"), "expected 1 to 5"));
    CHECK(with("max_inflight", "1").max_inflight == 1);
    CHECK(with("max_inflight", "1000000").max_inflight == 1'000'000);
    fault("max_inflight", "0");
    fault("max_inflight", "1000001");
}

TEST_CASE("who may use a route", "[route_keys]") {
    CHECK(with("allow", "all").allow_all);
    const auto some = with("allow", "10.0.0.0/8, ::1");
    CHECK_FALSE(some.allow_all);
    CHECK(some.allows(net::Address::v4(10, 0, 0, 1)));
    CHECK_FALSE(some.allows(net::Address::v4(11, 0, 0, 1)));
    CHECK(mentions(fault("allow", "10.0.0.0/8 any"), "`any` is not a network"));
    fault("allow", "");
}

TEST_CASE("values that ask for nothing are taken whatever is built", "[route_keys]") {
    for (const auto& [key, value] : Keys{{"health", "off"}, {"fallback_on", "none"}, {"policy", "first"},
                                         {"client_subnet", "off"}, {"proxy_protocol", "off"}, {"tls_verify", "on"},
                                         {"protocol", "udp"}, {"protocol", "tcp"}}) {
        with(key, value);
        with(key, value, everything);
    }
    CHECK(with("policy", "first").policy == routing::Policy::first);
    CHECK(with("health", "off").health == routing::Health::off);
    CHECK(with("health", "passive").health == routing::Health::passive);
    CHECK(with("health", "on").health == routing::Health::on);
    CHECK(with("protocol", "TCP").protocol == routing::Protocol::tcp);
}

TEST_CASE("what is not built yet is refused, and good once it is", "[route_keys]") {
    for (const auto& [key, value] : Keys{{"protocol", "tls"}, {"protocol", "https"}}) is_switched_on(key, value);
    CHECK(fault("protocol", "tls") ==
          "`protocol`: `tls` is not supported by this version yet; expected `udp` or `tcp`");
    Capabilities no_health;
    no_health.health = false;
    for (const std::string_view value : {"on", "passive"}) {
        CHECK(mentions(fault("health", value, no_health), "not supported by this version yet; expected `off`"));
    }
    for (const auto& [key, value] : Keys{{"tls_name", "a.example"}, {"tls_ca", "/ca.pem"}, {"tls_verify", "off"}})
        CHECK(mentions(fault(key, value), "not supported by this version yet"));
}

TEST_CASE("a host name stands among addresses", "[route_keys]") {
    const Reading reading = read({{"address", "192.0.2.1, NS.example.com:5300"}, {"port", "8053"}});
    REQUIRE(reading.settings);
    CHECK(reading.settings->targets.at(1).host == "ns.example.com");
    CHECK(reading.settings->targets.at(1).endpoint.port == 5300);
}

TEST_CASE("each capability stands for itself", "[route_keys]") {
    Capabilities only;
    only.encryption = true;
    only.policies = false;
    with("protocol", "tls", only);
    CHECK(mentions(fault("policy", "random", only), "not supported by this version yet; expected `first`"));
}

TEST_CASE("a hedge is a word or a duration, and needs a second attempt", "[route_keys]") {
    using routing::Hedge;
    CHECK(with("hedge", "off").hedge == Hedge::off);
    CHECK(with("hedge", "P95").hedge == Hedge::p95);
    const auto after = with("hedge", "20ms");
    CHECK(after.hedge == Hedge::after);
    CHECK(after.hedge_after == std::chrono::milliseconds{20});
    CHECK(mentions(fault("hedge", "p99"), "or `p95`, or `off`"));
    CHECK(mentions(fault("hedge", "4ms"), "5ms"));
    const auto once = read({{"address", "192.0.2.1"}, {"hedge", "p95"}, {"attempts", "1"}});
    CHECK_FALSE(once.settings);
    CHECK(mentions(once.faults.at(0).message, "2 attempts or more"));
}

TEST_CASE("values of keys that are built later", "[route_keys]") {
    CHECK(with("fallback_on", "servfail, REFUSED", everything).fallback_on ==
          (routing::fallback::servfail | routing::fallback::refused));
    CHECK(mentions(fault("fallback_on", "servfail none", everything), "expected it alone"));
    CHECK(mentions(fault("fallback_on", "", everything), "nothing was found"));
    CHECK(mentions(fault("fallback_on", "formerr", everything), "`formerr` was found"));
    CHECK(with("policy", "hash", everything).policy == routing::Policy::hash);
    CHECK(with("client_subnet", "add").client_subnet);
    CHECK(mentions(fault("client_subnet", "on"), "expected `add` or `off`"));
    CHECK(with("proxy_protocol", "v2").proxy_protocol);
    CHECK(mentions(fault("proxy_protocol", "v1"), "expected `v2` or `off`"));
    CHECK(mentions(fault("health", "yes", everything), "expected `on`, `passive` or `off`"));

    const auto tls = read({{"address", "192.0.2.1"}, {"protocol", "tls"}, {"tls_name", "NS.example"},
                           {"tls_ca", "/etc/Ca.pem"}, {"tls_verify", "no"}}, everything);
    REQUIRE(tls.settings);
    CHECK(tls.settings->tls_name == "ns.example");
    CHECK(tls.settings->tls_ca == "/etc/Ca.pem");
    CHECK_FALSE(tls.settings->tls_verify);
    for (const auto& [key, value] : Keys{{"tls_name", "192.0.2.1"}, {"tls_name", "a:853"}, {"tls_name", ""},
                                         {"tls_ca", ""}}) {
        INFO(key << " = " << value);
        CHECK(read({{"address", "192.0.2.1"}, {"protocol", "tls"}, {key, value}}, everything).faults.size() == 1);
    }
}

TEST_CASE("tls keys go with an encrypted protocol", "[route_keys]") {
    for (const auto& [key, value] : Keys{{"tls_name", "a.example"}, {"tls_ca", "/ca.pem"}, {"tls_verify", "off"}})
        CHECK(mentions(fault(key, value, everything), "it goes with `protocol = tls` or `https`"));
    with("tls_verify", "on", everything);
}

TEST_CASE("unknown keys and keys given twice", "[route_keys]") {
    CHECK(fault("prot", "53") == "unknown key `prot`; did you mean `port`?");
    CHECK(fault("address", "192.0.2.2") == "`address` stands twice in this section, first in line 2; expected it once");
    // The first one counts, so that the second brings no faults of its own.
    CHECK(read({{"address", "192.0.2.1"}, {"port", "53"}, {"port", "x"}, {"port", "y"}}).faults.size() == 2);
}

TEST_CASE("all faults of a section at once", "[route_keys]") {
    const Reading reading = read({{"address", "x:y:z"}, {"port", "0"}, {"timeout", "4"}, {"nonsense", "1"}});
    std::set<std::uint32_t> lines;
    for (const Diagnostic& fault : reading.faults) lines.insert(fault.line);
    CHECK(lines == std::set<std::uint32_t>{2, 3, 4, 5});
}

TEST_CASE("every key is described, once", "[route_keys]") {
    std::set<std::string_view> names;
    for (const RouteKey& key : route_keys()) {
        CHECK_FALSE(key.name.empty());
        CHECK_FALSE(key.meaning.empty());
        names.insert(key.name);
        Diagnostics faults;
        RouteDraft draft(1, everything);
        draft.set(2, key.name, "", faults);
        for (const Diagnostic& fault : faults) CHECK_FALSE(mentions(fault.message, "unknown key"));
    }
    CHECK(names.size() == route_key_count);
}

}  // namespace dproxy::config
