// SPDX-License-Identifier: MIT
#include "settings/resolv_conf.hpp"

#include <algorithm>

#include "catch.hpp"

namespace {

using namespace dproxy::config;
using dproxy::net::Address;
using dproxy::net::Endpoint;

Address address(std::string_view text) { return *Address::parse(text); }
Endpoint endpoint(std::string_view text) { return *Endpoint::parse(text, 0); }

std::string upstreams_text(std::string_view conf, const std::vector<Endpoint>& listen,
                           const std::vector<Address>& local) {
    std::string text;
    for (const auto& upstream : system_upstreams(parse_resolv_conf(conf), {listen, local})) {
        text += upstream.to_string() + " ";
    }
    return text;
}

}  // namespace

TEST_CASE("resolv.conf of a pod", "[resolv_conf]") {
    const auto conf = parse_resolv_conf(
        "search default.svc.cluster.local svc.cluster.local cluster.local\n"
        "nameserver 10.96.0.10\n"
        "options ndots:5\n");
    CHECK(conf.nameservers == std::vector{address("10.96.0.10")});
    CHECK(conf.search == std::vector<std::string>{"default.svc.cluster.local", "svc.cluster.local", "cluster.local"});
    CHECK(conf.ndots == 5);
    CHECK(conf.timeout == std::chrono::seconds{5});
    CHECK(conf.attempts == 2);
}

TEST_CASE("a line counts where its keyword begins it and is followed by white space", "[resolv_conf]") {
    const auto nameserver_of = [](std::string_view line) {
        const auto conf = parse_resolv_conf(line);
        return conf.names_none ? "" : conf.nameservers.front().to_string();
    };
    for (const auto* line : {"nameserver 192.0.2.1", "nameserver\t192.0.2.1", "nameserver  \t 192.0.2.1 \t",
                             "nameserver 192.0.2.1\r\n", "nameserver 192.0.2.1 # and more",
                             "nameserver 192.0.2.1 192.0.2.2", "garbage\nnameserver 192.0.2.1",
                             "\n\nnameserver 192.0.2.1\n"}) {
        INFO(line);
        CHECK(nameserver_of(line) == "192.0.2.1");
    }
    for (const auto* line : {"# nameserver 192.0.2.1", "#nameserver 192.0.2.1", ";nameserver 192.0.2.1",
                             "; nameserver 192.0.2.1", " nameserver 192.0.2.1", "\tnameserver 192.0.2.1", "nameserver",
                             "nameserver ", "nameserver192.0.2.1", "nameserver=192.0.2.1", "nameservers 192.0.2.1",
                             "Nameserver 192.0.2.1", "nameserver ns.example", "nameserver 192.0.2.256",
                             "nameserver 192.0.2.1,192.0.2.2", "nameserver 192.0.2.1:53", "nameserver [2001:db8::1]",
                             "nameserver 192.0.2.1%eth0", "nameserver :::1"}) {
        INFO(line);
        CHECK(nameserver_of(line) == "");
    }
}

TEST_CASE("a comment begins its line: elsewhere its sign is a part of a word", "[resolv_conf]") {
    for (const auto* text : {"#nameserver 192.0.2.1\n", ";nameserver 192.0.2.1\n", "nameserver #192.0.2.1\n",
                             "nameserver 192.0.2.1#53\n", "nameserver 192.0.2.1;\n", "nameserver 2001:db8::1#53\n"}) {
        INFO(text);
        CHECK(parse_resolv_conf(text).names_none);
    }
    CHECK(parse_resolv_conf("search a.test #b\n").search == std::vector<std::string>{"a.test", "#b"});
    CHECK(parse_resolv_conf("options #ndots:3 ;rotate\n").ndots == 1);
    CHECK(parse_resolv_conf("nameserver 2001:db8::1 ; said\n").nameservers == std::vector{address("2001:db8::1")});
}

TEST_CASE("lines end with or without a carriage return, and the last one with nothing", "[resolv_conf]") {
    const auto conf = parse_resolv_conf(
        "search a.test\r\nnameserver 192.0.2.1\r\nnameserver 2001:db8::1\r\noptions ndots:2 rotate\r\n\r\n"
        "nameserver fe80::1%eth0\r");
    CHECK(conf.search == std::vector<std::string>{"a.test"});
    REQUIRE(conf.nameservers.size() == 3);
    CHECK(conf.nameservers[1] == address("2001:db8::1"));
    CHECK(conf.nameservers[2].to_string() == "fe80::1%eth0");
    CHECK(conf.ndots == 2);
    CHECK(conf.rotate);
    CHECK(parse_resolv_conf("nameserver 192.0.2.1\rnameserver 192.0.2.2\n").nameservers.size() == 1);
    CHECK(parse_resolv_conf("options ndots:4").ndots == 4);
}

TEST_CASE("what follows a NUL in a line is not read", "[resolv_conf]") {
    const auto parse = [](std::string text) {
        std::replace(text.begin(), text.end(), '@', '\0');
        return parse_resolv_conf(text);
    };
    CHECK(parse("nameserver 192.0.2.1@9\n").nameservers == std::vector{address("192.0.2.1")});
    CHECK(parse("nameserver 2001:db8::1@:2\n").nameservers == std::vector{address("2001:db8::1")});
    CHECK(parse("search a.test@ b.test\n").search == std::vector<std::string>{"a.test"});
    CHECK(parse("options ndots:3@ rotate\nnameserver 192.0.2.1\n").ndots == 3);
    CHECK_FALSE(parse("options ndots:3@ rotate\n").rotate);
    for (const auto* text : {"@nameserver 192.0.2.1\n", "nameserver@192.0.2.1\n", "nameserver @192.0.2.1\n", "@\n@"}) {
        INFO(text);
        CHECK(parse(text).names_none);
    }
}

TEST_CASE("a line may be long", "[resolv_conf]") {
    const std::string blanks(20'000, ' ');
    const auto conf = parse_resolv_conf("#" + blanks + "nameserver 192.0.2.9\nnameserver" + blanks + "192.0.2.1" +
                                        blanks + "\nnameserver " + std::string(20'000, '1') + "\nsearch" + blanks +
                                        "a.test\n");
    CHECK(conf.nameservers == std::vector{address("192.0.2.1")});
    CHECK(conf.search == std::vector<std::string>{"a.test"});
}

TEST_CASE("nameservers are written as the C library reads them", "[resolv_conf]") {
    const auto nameserver = [](const std::string& text) {
        return parse_resolv_conf("nameserver " + text + "\n").nameservers.front().to_string();
    };
    CHECK(nameserver("127.257") == "127.0.1.1");
    CHECK(nameserver("0x7f.1") == "127.0.0.1");
    CHECK(nameserver("192.0.2.0x21") == "192.0.2.33");
    CHECK(nameserver("2130706433") == "127.0.0.1");
    CHECK(nameserver("192.0.2.1 53") == "192.0.2.1");
    CHECK(nameserver("192.0.2.1\v53") == "192.0.2.1");
    CHECK(nameserver("fe80::1%7 eth0") == "fe80::1%7");
    CHECK(nameserver("2001:db8::1%7") == "2001:db8::1");
    CHECK(nameserver("FE80::1%lo") == "fe80::1%lo");
    CHECK(nameserver("2001:db8::1") == "2001:db8::1");
    CHECK(nameserver("fe80::1%eth0") == "fe80::1%eth0");
    CHECK(nameserver("fe80::1%2") == "fe80::1%2");
    CHECK(nameserver("fe80::1") == "fe80::1");
    CHECK(nameserver("2001:db8::1%eth0") == "2001:db8::1");  // a zone that means nothing is not looked at
    CHECK(nameserver("fe80::1%") == "fe80::1");
    CHECK(nameserver("fe80::1%a-name-that-no-interface-has") == "fe80::1");
    CHECK(nameserver("::ffff:192.0.2.1") == "192.0.2.1");
    CHECK(nameserver("127.1") == "127.0.0.1");
    CHECK(nameserver("0x7f000001") == "127.0.0.1");
    CHECK(nameserver("010.0.0.1") == "8.0.0.1");
    CHECK(nameserver("0.0.0.0") == "127.0.0.1");
    CHECK(nameserver("::") == "::1");
}

TEST_CASE("no nameserver means this host, and more than three are not used", "[resolv_conf]") {
    for (const auto* text : {"", "search a.test\n", "nameserver nonsense\n", "#"}) {
        const auto conf = parse_resolv_conf(text);
        CHECK(conf.names_none);
        CHECK(conf.nameservers == std::vector{address("127.0.0.1")});
    }
    const auto conf = parse_resolv_conf("nameserver 1.0.0.1\nnameserver x\nnameserver 1.0.0.2\nnameserver 1.0.0.1\n"
                                        "nameserver 1.0.0.4\n");
    CHECK_FALSE(conf.names_none);
    CHECK(conf.nameservers == std::vector{address("1.0.0.1"), address("1.0.0.2"), address("1.0.0.1")});
}

TEST_CASE("of search and domain the last one that names something counts", "[resolv_conf]") {
    using Domains = std::vector<std::string>;
    const auto search = [](std::string_view text) { return parse_resolv_conf(text).search; };
    CHECK(search("search a.test  b.test\tc.test\n") == Domains{"a.test", "b.test", "c.test"});
    CHECK(search("domain a.test b.test\n") == Domains{"a.test"});
    CHECK(search("search a.test\nsearch b.test\n") == Domains{"b.test"});
    CHECK(search("domain a.test\nsearch b.test c.test\n") == Domains{"b.test", "c.test"});
    CHECK(search("search b.test c.test\ndomain a.test\n") == Domains{"a.test"});
    CHECK(search("search a.test\nsearch\ndomain \t\n") == Domains{"a.test"});
    CHECK(search("search .\n") == Domains{"."});
    CHECK(search("search a.test\r\n") == Domains{"a.test"});
    CHECK(search("nameserver 192.0.2.1\n").empty());
}

TEST_CASE("without search the host's own domain is searched", "[resolv_conf]") {
    using Domains = std::vector<std::string>;
    const auto search = [](std::string_view text, std::string host) {
        return parse_resolv_conf(text, {std::move(host), std::nullopt, {}}).search;
    };
    CHECK(search("", "node1.corp.test") == Domains{"corp.test"});
    CHECK(search("", "node1").empty());
    CHECK(search("", "node1.").empty());
    CHECK(search("search a.test\n", "node1.corp.test") == Domains{"a.test"});
}

TEST_CASE("the environment changes what the file says", "[resolv_conf]") {
    using Domains = std::vector<std::string>;
    const std::string_view text = "search a.test\ndomain b.test\noptions ndots:3 attempts:4\n";
    const auto conf = parse_resolv_conf(text, {"node.corp.test", " c.test\td.test\ne.test", "ndots:1 rotate"});
    CHECK(conf.search == Domains{"c.test", "d.test"});
    CHECK(conf.ndots == 1);
    CHECK(conf.attempts == 4);
    CHECK(conf.rotate);
    CHECK(parse_resolv_conf(text, {"node.corp.test", "", {}}).search.empty());
}

TEST_CASE("options that a resolver of addresses knows", "[resolv_conf]") {
    const auto defaults = parse_resolv_conf("");
    CHECK(defaults.ndots == 1);
    CHECK(defaults.timeout == std::chrono::seconds{5});
    CHECK(defaults.attempts == 2);
    CHECK_FALSE((defaults.rotate || defaults.use_tcp || defaults.no_aaaa || defaults.no_tld_query));

    const auto conf = parse_resolv_conf("options timeout:3 attempts:4 rotate edns0\toptions:1\noptions ndots:2\n");
    CHECK(conf.ndots == 2);
    CHECK(conf.timeout == std::chrono::seconds{3});
    CHECK(conf.attempts == 4);
    CHECK(conf.rotate);
    CHECK(parse_resolv_conf("options use-vc\n").use_tcp);
    CHECK(parse_resolv_conf("options single-request no-aaaa trust-ad\n").no_aaaa);
    CHECK(parse_resolv_conf("options no-tld-query\n").no_tld_query);
    CHECK(parse_resolv_conf("options no_tld_query\n").no_tld_query);
    CHECK(parse_resolv_conf("options ndots:4 ndots:2\n").ndots == 2);
    CHECK(parse_resolv_conf("options ndots:5,\n").ndots == 5);
    CHECK(parse_resolv_conf("options\tndots:5\n").ndots == 5);
    CHECK(parse_resolv_conf(" options ndots:5\n").ndots == 1);
    CHECK(parse_resolv_conf("sortlist 192.0.2.0/24\nlookup file bind\nfamily inet6\n").names_none);
}

TEST_CASE("options: limits", "[resolv_conf]") {
    const auto most = parse_resolv_conf("options ndots:99 timeout:99999999999999999999 attempts:77\n");
    CHECK(most.ndots == max_resolver_ndots);
    CHECK(most.timeout == max_resolver_timeout);
    CHECK(most.attempts == max_resolver_attempts);
    const auto least =
        parse_resolv_conf("options ndots:0 timeout:0 attempts:0\noptions ndots:x timeout: attempts:-1 ndots\n");
    CHECK(least.ndots == 0);
    CHECK(least.timeout == std::chrono::seconds{1});
    CHECK(least.attempts == 1);
}

TEST_CASE("the system's nameservers, less those that dproxy itself listens on", "[resolv_conf]") {
    const std::string_view conf = "nameserver 127.0.0.1\nnameserver 192.0.2.7\nnameserver ::1\n";
    const std::vector<Address> local{address("127.0.0.1"), address("::1"), address("192.0.2.7"),
                                     address("2001:db8::7")};

    SECTION("another port is another server") {
        CHECK(upstreams_text(conf, {endpoint("0.0.0.0:1053"), endpoint("[::]:1053")}, local) ==
              "127.0.0.1:53 192.0.2.7:53 [::1]:53 ");
    }
    SECTION("the same address and port") {
        CHECK(upstreams_text(conf, {endpoint("127.0.0.1:53")}, local) == "192.0.2.7:53 [::1]:53 ");
        CHECK(upstreams_text(conf, {endpoint("192.0.2.7:53"), endpoint("[::1]:53")}, local) == "127.0.0.1:53 ");
    }
    SECTION("a wildcard is every local address of its family") {
        CHECK(upstreams_text(conf, {endpoint("0.0.0.0:53")}, local) == "[::1]:53 ");
        CHECK(upstreams_text(conf, {endpoint("[::]:53")}, local) == "127.0.0.1:53 192.0.2.7:53 ");
        CHECK(upstreams_text(conf, {endpoint("0.0.0.0:53"), endpoint("[::]:53")}, local) == "");
        CHECK(upstreams_text(conf, {endpoint("0.0.0.0:53")}, {}) == "192.0.2.7:53 [::1]:53 ");
    }
    SECTION("all of 127.0.0.0/8 is local") {
        CHECK(upstreams_text("nameserver 127.0.0.53\n", {endpoint("0.0.0.0:53")}, local) == "");
        CHECK(upstreams_text("nameserver 127.0.0.53\n", {endpoint("127.0.0.1:53")}, local) == "127.0.0.53:53 ");
    }
    SECTION("the unspecified address is this host") {
        CHECK(upstreams_text("nameserver 0.0.0.0\nnameserver ::\n", {endpoint("127.0.0.1:53")}, local) == "[::1]:53 ");
    }
    SECTION("each once") {
        CHECK(upstreams_text("nameserver 192.0.2.9\nnameserver 192.0.2.9\n", {}, local) == "192.0.2.9:53 ");
    }
}
