// SPDX-License-Identifier: MIT
#include "net/address.hpp"

#include <unordered_set>

#include "catch.hpp"

using dproxy::net::Address;
using dproxy::net::Endpoint;
using dproxy::net::Network;

TEST_CASE("addresses are read and written", "[net]") {
    for (const char* text : {"127.0.0.1", "0.0.0.0", "255.255.255.255", "::1", "::", "2001:db8::53", "fe80::1:2"}) {
        const auto address = Address::parse(text);
        REQUIRE(address);
        CHECK(address->to_string() == text);
    }
    CHECK(Address::parse("192.0.2.7") == Address::v4(192, 0, 2, 7));
    CHECK(Address::parse("2001:DB8:0::0053")->to_string() == "2001:db8::53");
}

TEST_CASE("a mapped IPv6 address is the IPv4 address", "[net]") {
    const auto mapped = Address::parse("::ffff:192.0.2.7");
    REQUIRE(mapped);
    CHECK(mapped->is_v4());
    CHECK(*mapped == Address::v4(192, 0, 2, 7));
    CHECK(mapped->to_string() == "192.0.2.7");
    CHECK_FALSE(Address::parse("::1")->is_v4());
}

TEST_CASE("what is no address is refused", "[net]") {
    for (const std::string text :
         {"", " ", "localhost", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.4 ", "01.2.3.4", "[::1]", "::1%lo",
          "fe80::1%eth0", ":::", "1::2::3", "12345::", "1.2.3.4:53", "1111:2222:3333:4444:5555:6666:7777:8888:9999"})
        CHECK_FALSE(Address::parse(text));
    CHECK_FALSE(Address::parse(std::string_view("1.2.3.4\0x", 9)));
    CHECK_FALSE(Address::parse(std::string(1000, '1')));
}

TEST_CASE("loopback and unspecified addresses are known", "[net]") {
    CHECK(Address::parse("127.0.0.1")->is_loopback());
    CHECK(Address::parse("127.9.9.9")->is_loopback());
    CHECK(Address::parse("::1")->is_loopback());
    CHECK_FALSE(Address::parse("128.0.0.1")->is_loopback());
    CHECK_FALSE(Address::parse("::2")->is_loopback());
    CHECK_FALSE(Address::parse("1::1")->is_loopback());
    CHECK(Address::parse("0.0.0.0")->is_unspecified());
    CHECK(Address::parse("::")->is_unspecified());
    CHECK_FALSE(Address::parse("0.0.0.1")->is_unspecified());
    CHECK_FALSE(Address::parse("::1")->is_unspecified());
}

TEST_CASE("a link-local address may have its zone", "[net]") {
    const auto address = Address::parse_zoned("FE80:0::1%eth0");
    REQUIRE(address);
    CHECK(address->is_link_local());
    CHECK(address->zone_text() == "eth0");
    CHECK(address->to_string() == "fe80::1%eth0");
    CHECK(Address::parse_zoned("fe80::1%007")->to_string() == "fe80::1%7");
    CHECK(Address::parse_zoned("febf::1%a.b-c_d@e12345")->zone_text() == "a.b-c_d@e12345");
    CHECK(Address::parse_zoned("fe80::1")->zone_text().empty());
    CHECK(Address::parse_zoned("192.0.2.1") == Address::v4(192, 0, 2, 1));
    for (const std::string text : {"fe80::1%", "fe80::1%0", "fe80::1%00", "fe80::1%0123456789abcdef", "fe80::1%et h0",
                                   "fe80::1%eth/0", "fe80::1%eth0%1", "::1%lo", "2001:db8::1%eth0", "127.0.0.1%lo",
                                   "%eth0", "fec0::1%eth0"}) {
        INFO(text);
        CHECK_FALSE(Address::parse_zoned(text));
    }
    CHECK_FALSE(Network::parse("fe80::1%eth0"));
    CHECK_FALSE(Network::parse("fe80::1%eth0/64"));
}

TEST_CASE("the same address in two zones is two addresses", "[net]") {
    const auto first = *Endpoint::parse("[fe80::1%eth0]:53", 0), second = *Endpoint::parse("[fe80::1%eth1]:53", 0);
    CHECK(first != second);
    CHECK(first == *Endpoint::parse("fe80::1%eth0", 53));
    CHECK(std::unordered_set<Endpoint>{first, second, first}.size() == 2);
    CHECK(first.to_string() == "[fe80::1%eth0]:53");
    CHECK(Network::parse("fe80::/10")->contains(first.address));
}

TEST_CASE("endpoints are read and written", "[net]") {
    struct Case {
        const char* text;
        const char* written;
    };
    for (const auto& [text, written] :
         {Case{"192.0.2.1", "192.0.2.1:53"}, Case{"192.0.2.1:8053", "192.0.2.1:8053"},
          Case{"192.0.2.1:0", "192.0.2.1:0"}, Case{"::1", "[::1]:53"}, Case{"[::1]", "[::1]:53"},
          Case{"[::1]:65535", "[::1]:65535"}, Case{"2001:db8::1:53", "[2001:db8::1:53]:53"},
          Case{"[::ffff:192.0.2.1]:5", "192.0.2.1:5"}}) {
        const auto endpoint = Endpoint::parse(text, 53);
        REQUIRE(endpoint);
        CHECK(endpoint->to_string() == written);
        CHECK(Endpoint::parse(endpoint->to_string(), 1) == endpoint);
    }
}

TEST_CASE("what is no endpoint is refused", "[net]") {
    for (const char* text : {"",
                             ":",
                             ":53",
                             "1.2.3.4:",
                             "1.2.3.4:65536",
                             "1.2.3.4:x",
                             "1.2.3.4:-1",
                             "1.2.3.4:+1",
                             "1.2.3.4: 5",
                             "1.2.3.4:99999999999",
                             "[::1",
                             "::1]",
                             "[::1]53",
                             "[::1]:",
                             "[::1]:99999",
                             "[1.2.3.4]",
                             "[1.2.3.4]:53",
                             "[]",
                             "[]:53",
                             "host:53"})
        CHECK_FALSE(Endpoint::parse(text, 53));
}

TEST_CASE("networks are read, cleared beyond the prefix, and written", "[net]") {
    CHECK(Network::parse("10.0.0.0/8")->prefix == 104);
    CHECK(Network::parse("10.1.2.3/8")->to_string() == "10.0.0.0/8");
    CHECK(Network::parse("10.1.2.255/25")->to_string() == "10.1.2.128/25");
    CHECK(Network::parse("0.0.0.0/0")->to_string() == "0.0.0.0/0");
    CHECK(Network::parse("192.0.2.1")->to_string() == "192.0.2.1/32");
    CHECK(Network::parse("fc00::/7")->to_string() == "fc00::/7");
    CHECK(Network::parse("2001:db8:ffff::1/33")->to_string() == "2001:db8:8000::/33");
    CHECK(Network::parse("::1")->to_string() == "::1/128");
    CHECK(Network::parse("::ffff:10.0.0.0/104")->to_string() == "10.0.0.0/8");
    for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/8/8", "10.0.0.0/a", "10/8",
                             "10.0.0.0/-1", "10.0.0.0:53/8"})
        CHECK_FALSE(Network::parse(text));
}

TEST_CASE("a network contains its addresses and no others", "[net]") {
    const auto contains = [](const char* network, const char* address) {
        return Network::parse(network)->contains(*Address::parse(address));
    };
    CHECK(contains("10.0.0.0/8", "10.255.255.255"));
    CHECK_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
    CHECK(contains("172.16.0.0/12", "172.31.255.255"));
    CHECK_FALSE(contains("172.16.0.0/12", "172.32.0.0"));
    CHECK(contains("192.0.2.1", "192.0.2.1"));
    CHECK_FALSE(contains("192.0.2.1", "192.0.2.0"));
    CHECK(contains("fc00::/7", "fdff::1"));
    CHECK_FALSE(contains("fc00::/7", "fe00::1"));
    CHECK(contains("2001:db8::/128", "2001:db8::"));
    CHECK_FALSE(contains("2001:db8::/128", "2001:db8::1"));
}

TEST_CASE("a network of one family holds no address of the other", "[net]") {
    CHECK(Network::parse("0.0.0.0/0")->contains(Address::v4(8, 8, 8, 8)));
    CHECK_FALSE(Network::parse("0.0.0.0/0")->contains(*Address::parse("2001:db8::1")));
    CHECK(Network::parse("::/0")->contains(*Address::parse("2001:db8::1")));
    CHECK_FALSE(Network::parse("::/0")->contains(Address::v4(8, 8, 8, 8)));
}

TEST_CASE("a network holds another that lies in it, and itself", "[net]") {
    const auto holds = [](std::string_view outer, std::string_view inner) {
        return Network::parse(outer)->holds(*Network::parse(inner));
    };
    CHECK(holds("10.0.0.0/8", "10.1.0.0/16"));
    CHECK(holds("10.0.0.0/8", "10.0.0.0/8"));
    CHECK(holds("::/0", "2001:db8::/32"));
    CHECK_FALSE(holds("10.1.0.0/16", "10.0.0.0/8"));
    CHECK_FALSE(holds("10.0.0.0/8", "11.0.0.0/16"));
    CHECK_FALSE(holds("::/0", "10.0.0.0/8"));
}

TEST_CASE("endpoints that differ in one byte hash apart", "[net]") {
    std::unordered_set<std::size_t> seen;
    for (std::uint8_t last = 0; last < 250; ++last)
        for (std::uint16_t port = 0; port < 40; ++port)
            seen.insert(std::hash<Endpoint>{}({Address::v4(10, 0, 0, last), port}));
    CHECK(seen.size() == 250u * 40u);
    const Endpoint v6{*Address::parse("2001:db8::1"), 53};
    CHECK(std::hash<Endpoint>{}(v6) == std::hash<Endpoint>{}(*Endpoint::parse("[2001:db8::1]:53", 0)));
}
