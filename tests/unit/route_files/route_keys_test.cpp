// SPDX-License-Identifier: MIT
#include "route_files/route_keys.hpp"

#include <set>

#include "section_reading.hpp"

namespace dproxy::config {

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
        const SectionReading reading = read(keys, everything);
        REQUIRE(reading.settings);
        for (const auto& target : reading.settings->targets) out.push_back(target.endpoint.port);
        return out;
    };
    CHECK(ports({{"address", "192.0.2.1, 192.0.2.2:9053, [::1]:99, ::1"}, {"port", "8053"}}) ==
          std::vector<int>{8053, 9053, 99, 8053});
    CHECK(ports({{"port", "8053"}, {"address", "192.0.2.1"}}) == std::vector<int>{8053});
    CHECK(ports({{"address", "192.0.2.1"}, {"protocol", "tcp"}}) == std::vector<int>{53});
    CHECK(ports({{"address", "192.0.2.1"}, {"protocol", "tls"}}) == std::vector<int>{853});
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
    const SectionReading reading = read({{"port", "53"}, {"address", "192.0.2.1:0"}});
    REQUIRE(reading.faults.size() == 1);
    CHECK(reading.faults[0].line == 3);
    CHECK(reading.faults[0].message == "`address`: the port of `192.0.2.1`: `0` is out of range; expected 1 to 65535");
    CHECK(read({{"address", ""}}).faults.at(0).message.starts_with("`address`: nothing was found"));
}

TEST_CASE("an address or an answer, not both", "[route_keys]") {
    const SectionReading neither = read({{"port", "53"}});
    REQUIRE(neither.faults.size() == 1);
    CHECK(neither.faults[0].line == 1);
    CHECK(neither.faults[0].message == "the section has neither `address` nor `answer`; expected one of them");
    const SectionReading both = read({{"answer", "refused"}, {"address", "192.0.2.1"}});
    REQUIRE(both.faults.size() == 1);
    CHECK(both.faults[0].line == 2);
    CHECK(both.faults[0].message == "`answer` stands beside `address`; expected one of them");
}

TEST_CASE("a section that is spoilt in form is not told to lack an address", "[route_keys]") {
    Diagnostics faults;
    RouteDraft draft(1, {});
    draft.spoil();
    Diagnostics warnings;
    CHECK_FALSE(draft.finish(any_text, faults, warnings));
    CHECK(faults.empty());
}

TEST_CASE("answers of addresses", "[route_keys]") {
    const auto settings = read({{"answer", "192.0.2.10, 2001:db8::10 192.0.2.10"}, {"ttl", "7d"}}).settings;
    REQUIRE(settings);
    CHECK(settings->answer == routing::LocalAnswer::addresses);
    CHECK(settings->answer_addresses ==
          std::vector{net::Address::v4(192, 0, 2, 10), *net::Address::parse("2001:db8::10")});
    CHECK(settings->ttl == std::chrono::hours(24 * 7));
    CHECK(read({{"answer", "::"}}).settings->ttl == std::chrono::seconds(60));
    CHECK(read({{"ttl", "0s"}, {"answer", "0.0.0.0"}}).settings->ttl == std::chrono::seconds(0));

    const auto message = [](const Keys& keys) {
        const SectionReading reading = read(keys);
        REQUIRE(reading.faults.size() == 1);
        return reading.faults[0].message;
    };
    CHECK(mentions(message({{"answer", "192.0.2.10:53"}}), "without ports"));
    CHECK(mentions(message({{"answer", "192.0.2.10, refused"}}), "`refused` is not an address"));
    CHECK(mentions(message({{"answer", "192.0.2"}}), "`192.0.2` is not an address"));
    CHECK(mentions(message({{"answer", "refuse"}}), "or addresses"));
    std::string many = "192.0.2.1";
    for (int i = 2; i <= 33; ++i) many += " 192.0.2." + std::to_string(i);
    CHECK(mentions(message({{"answer", many}}), "33 addresses were found; at most 32"));
    CHECK(mentions(message({{"answer", "192.0.2.1"}, {"ttl", "8d"}}), "expected 0s to 7d"));
    CHECK(mentions(message({{"answer", "192.0.2.1"}, {"ttl", "1500ms"}}), "expected whole seconds"));
    CHECK(mentions(message({{"answer", "nodata"}, {"ttl", "1m"}}), "`ttl` means nothing here"));
    CHECK(mentions(message({{"address", "192.0.2.1"}, {"ttl", "1m"}}), "`ttl` means nothing here"));
}

TEST_CASE("clients and types of a section", "[route_keys]") {
    const auto settings = with("clients", "10.1.0.0/16 fd00::/8, 10.0.0.0/8 10.1.0.0/16");
    CHECK(settings.audience.to_string() == "clients=10.0.0.0/8,10.1.0.0/16,fd00::/8");
    CHECK(with("types", "AAAA, a TYPE1 any type65280").audience.to_string() == "types=A,AAAA,ANY,TYPE65280");
    CHECK(with("clients", "all").audience.is_everybody());
    CHECK(with("types", "ALL").audience.is_everybody());
    CHECK(mentions(fault("clients", "10.0.0.0/33"), "`10.0.0.0/33` is not a network"));
    CHECK(mentions(fault("clients", ""), "nothing was found"));
    CHECK(mentions(fault("types", "A, nonsense"), "`nonsense` is no type to ask for"));
    CHECK(mentions(fault("types", "OPT"), "`OPT` is no type to ask for"));
    CHECK(mentions(fault("types", ""), "nothing was found"));
}

TEST_CASE("nxdomain to some types would hold for all: it is nodata, with a warning", "[route_keys]") {
    const SectionReading reading = read({{"types", "AAAA"}, {"answer", "nxdomain"}});
    REQUIRE(reading.settings);
    CHECK(reading.settings->answer == routing::LocalAnswer::nodata);
    REQUIRE(reading.warnings.size() == 1);
    CHECK(reading.warnings[0].line == 3);
    CHECK(reading.warnings[0].severity == Severity::warning);
    CHECK(read({{"answer", "nxdomain"}}).settings->answer == routing::LocalAnswer::nxdomain);
}

TEST_CASE("a section names its list", "[route_keys]") {
    with("patterns", "block.txt");
    CHECK(mentions(fault("patterns", "../block.txt"), "without a path"));
    CHECK(mentions(fault("patterns", "b.prox"), "`.prox`"));
    with("patterns", "b.prox", {.extension = ".routes"});
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
          "`answer`: `none` was found; expected `refused`, `nxdomain`, `nodata`, `servfail` or `drop`, or addresses");
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

TEST_CASE("questions over HTTPS go to a path", "[route_keys]") {
    const auto path = [](const Keys& more) {
        Keys keys{{"address", "192.0.2.1"}, {"protocol", "https"}};
        keys.insert(keys.end(), more.begin(), more.end());
        const SectionReading reading = read(keys, everything);
        REQUIRE(reading.settings);
        CHECK(reading.settings->targets.at(0).endpoint.port == 443);
        return reading.settings->https_path;
    };
    CHECK(path({}) == "/dns-query");
    CHECK(path({{"https_path", "/a/b"}}) == "/a/b");
    CHECK(with("protocol", "tls", everything).https_path.empty());
    CHECK(mentions(fault("https_path", "/a", everything), "it goes with `protocol = https`"));
    CHECK(mentions(fault("https_path", "a?b", everything), "expected a path of 1 to 255 bytes"));
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

TEST_CASE("querylog: all, none, one in how many, or nothing said", "[route_keys]") {
    CHECK_FALSE(read({{"address", "192.0.2.1"}}).settings->query_log);
    CHECK(with("querylog", "off").query_log == 0);
    CHECK(with("querylog", "on").query_log == 1);
    CHECK(with("querylog", "1/50").query_log == 50);
    CHECK(mentions(fault("querylog", "1/0"), "expected `off`, `on`, or `1/N`"));
}

TEST_CASE("a probe is a name and a type", "[route_keys]") {
    CHECK_FALSE(read({{"address", "192.0.2.1"}}).settings->probe);
    CHECK(with("probe", "Status.Example.com. soa").probe == routing::ProbeSetting{"status.example.com", 6});
    CHECK(with("probe", ".  NS").probe == routing::ProbeSetting{".", 2});
    CHECK(with("probe", "a\\.b.test TYPE65280").probe == routing::ProbeSetting{"a\\.b.test", 65280});
    for (const std::string_view value : {"", "example.com", "example.com A AAAA"}) {
        CHECK(mentions(fault("probe", value), "expected a name and a type, such as `example.com SOA`"));
    }
    for (const std::string_view value : {". NN", ". OPT", ". AXFR", ". TSIG", ". TYPE0"}) {
        CHECK(mentions(fault("probe", value), "is no type to ask for"));
    }
    CHECK(mentions(fault("probe", "a..b A"), "`a..b`"));
    with("probe", ". ANY");
}

TEST_CASE("a host name stands among addresses", "[route_keys]") {
    const SectionReading reading = read({{"address", "192.0.2.1, NS.example.com:5300"}, {"port", "8053"}});
    REQUIRE(reading.settings);
    CHECK(reading.settings->targets.at(1).host == "ns.example.com");
    CHECK(reading.settings->targets.at(1).endpoint.port == 5300);
}

TEST_CASE("a link-local address has a zone, and the zone is an interface", "[route_keys]") {
    Capabilities machine;
    machine.interface_exists = [](const net::Address& address) { return address.zone_text() == "eth0"; };
    const auto targets = [&](const char* value) {
        return read({{"address", value}, {"port", "5300"}}, machine).settings.value().targets;
    };
    CHECK(targets("fe80::1%eth0").at(0).endpoint.to_string() == "[fe80::1%eth0]:5300");
    CHECK(targets("192.0.2.1 [fe80::1%eth0]:53").at(1).endpoint.to_string() == "[fe80::1%eth0]:53");
    CHECK(targets("[fe80::1%eth0]").at(0).endpoint.to_string() == "[fe80::1%eth0]:5300");
    const auto only_fault = [&](const char* value) {
        const SectionReading reading = read({{"address", value}}, machine);
        REQUIRE(reading.faults.size() == 1);
        return reading.faults.front().message;
    };
    CHECK(mentions(only_fault("192.0.2.1, fe80::1%eth1"), "`fe80::1%eth1`: there is no interface `eth1`"));
    CHECK(mentions(only_fault("fe80::1"), "`fe80::1` is link-local; expected its interface as well"));
    CHECK(mentions(only_fault("[fe80::1]:53"), "is link-local"));
    CHECK(mentions(only_fault("2001:db8::1%eth0"), "goes with a link-local IPv6 address"));
    CHECK(mentions(only_fault("fe80::1%a-name-too-long1"), "at most 15 letters"));
    CHECK(mentions(only_fault("ns.example%eth0"), "is not an address"));
}

TEST_CASE("one mistake gives one fault, without its consequences", "[route_keys]") {
    const Capabilities& all = everything;
    const std::vector<Keys> sections{{{"adress", "192.0.2.1"}},
                                     {{"addr", "192.0.2.1, 192.0.2.2"}},
                                     {{"answr", "nxdomain"}},
                                     {{"server", "192.0.2.1:53"}},
                                     {{"upstream", "[2001:db8::1]:53"}},
                                     {{"address", "192.0.2.300"}},
                                     {{"answer", "nothing"}},
                                     {{"address", "192.0.2.1"}, {"answer", "nothing"}},
                                     {{"address", "192.0.2.1"}, {"hedge", "soon"}, {"attempts", "1"}},
                                     {{"address", "192.0.2.1"}, {"hedge", "p95"}, {"attempts", "none"}},
                                     {{"address", "192.0.2.1"}, {"protocol", "tsl"}, {"tls_name", "a.test"}},
                                     {{"address", "192.0.2.1"}, {"protocol", "udp"}, {"tls_name", "192.0.2.1"}},
                                     {{"address", "192.0.2.1"}, {"port", "0"}}};
    for (const Keys& keys : sections) {
        const SectionReading reading = read(keys, all);
        INFO(keys.front().first << " = " << keys.front().second << ' ' << keys.back().first);
        CHECK_FALSE(reading.settings);
        CHECK(reading.faults.size() == 1);
    }
    const SectionReading two = read({{"colour", "red"}}, all);
    CHECK(two.faults.size() == 2);
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
}

TEST_CASE("unknown keys and keys given twice", "[route_keys]") {
    CHECK(fault("prot", "53") == "unknown key `prot`; did you mean `port`?");
    CHECK(fault("address", "192.0.2.2") == "`address` stands twice in this section, first in line 2; expected it once");
    // The first one counts, so that the second brings no faults of its own.
    CHECK(read({{"address", "192.0.2.1"}, {"port", "53"}, {"port", "x"}, {"port", "y"}}).faults.size() == 2);
}

TEST_CASE("all faults of a section at once", "[route_keys]") {
    const SectionReading reading = read({{"address", "x:y:z"}, {"port", "0"}, {"timeout", "4"}, {"nonsense", "1"}});
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
