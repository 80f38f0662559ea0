// SPDX-License-Identifier: MIT
#include "http/forwarded.hpp"

#include "catch.hpp"
#include "http/limits.hpp"

using namespace dproxy;
using http::ForwardingFields;
using net::Address;
using net::Network;
using Values = std::vector<std::string>;

namespace {

const net::NetworkList trusted({*Network::parse("10.0.0.0/8"), *Network::parse("2001:db8:ffff::/48")});
const Address peer = Address::v4(10, 0, 0, 1);

std::string client(const Values& forwarded, const Values& x_forwarded_for, const Address& from = peer) {
    const auto found = http::forwarded_client(from, trusted, {forwarded, x_forwarded_for});
    return found.address.to_string() + (found.is_contradictory ? " contradictory" : "");
}
std::string by_standard(const std::string& value) { return client({value}, {}); }
std::string by_custom(const std::string& value) { return client({}, {value}); }

}  // namespace

TEST_CASE("the two fields are kept in the order in which they came", "[forwarded]") {
    ForwardingFields fields;
    fields.take("forwarded", "for=192.0.2.1");
    fields.take("x-forwarded-for", "192.0.2.2");
    fields.take("x-forwarded-host", "a.test");
    fields.take("forwarded", "for=192.0.2.3");
    CHECK(fields.forwarded == Values{"for=192.0.2.1", "for=192.0.2.3"});
    CHECK(fields.x_forwarded_for == Values{"192.0.2.2"});
}

TEST_CASE("who is not trusted speaks for himself", "[forwarded]") {
    CHECK(client({"for=192.0.2.1"}, {"192.0.2.1"}, Address::v4(203, 0, 113, 9)) == "203.0.113.9");
    CHECK(client({}, {}) == "10.0.0.1");
}

TEST_CASE("the first from the right that is not trusted is the client", "[forwarded]") {
    CHECK(by_custom("192.0.2.1") == "192.0.2.1");
    CHECK(by_custom("198.51.100.7, 192.0.2.1") == "192.0.2.1");
    CHECK(by_custom("198.51.100.7, 192.0.2.1,10.1.2.3 , 10.0.0.9") == "192.0.2.1");
    CHECK(by_standard("for=198.51.100.7, for=192.0.2.1;proto=https;by=10.0.0.1, for=10.0.0.9") == "192.0.2.1");
    CHECK(client({}, {"198.51.100.7", "192.0.2.1", "10.0.0.9"}) == "192.0.2.1");
    CHECK(client({"for=198.51.100.7", "for=192.0.2.1"}, {}) == "192.0.2.1");
}

TEST_CASE("where all are trusted, the farthest is the client", "[forwarded]") {
    CHECK(by_custom("10.3.3.3, 10.2.2.2") == "10.3.3.3");
    CHECK(by_standard("for=10.3.3.3, for=\"[2001:db8:ffff::1]\"") == "10.3.3.3");
}

TEST_CASE("how X-Forwarded-For writes addresses", "[forwarded]") {
    CHECK(by_custom("192.0.2.1:4711") == "192.0.2.1");
    CHECK(by_custom("2001:db8::7") == "2001:db8::7");
    CHECK(by_custom("[2001:db8::7]") == "2001:db8::7");
    CHECK(by_custom("[2001:db8::7]:4711") == "2001:db8::7");
    CHECK(by_custom("::ffff:192.0.2.1") == "192.0.2.1");
    CHECK(by_custom(" , 192.0.2.1 , ,") == "192.0.2.1");
}

TEST_CASE("how Forwarded writes addresses", "[forwarded]") {
    CHECK(by_standard("For=\"192.0.2.1:4711\"") == "192.0.2.1");
    CHECK(by_standard("FOR=\"[2001:db8::7]\"") == "2001:db8::7");
    CHECK(by_standard("for=\"[2001:db8::7]:4711\"; proto=http") == "2001:db8::7");
    CHECK(by_standard("for=\"[2001:db8::7]:_port\"") == "2001:db8::7");
    CHECK(by_standard("proto=http;for=192.0.2.1:4711") == "192.0.2.1");
    CHECK(by_standard(R"(by="a,;\"b";for="\192.0.2.1")") == "192.0.2.1");
    CHECK(by_standard(R"(for=198.51.100.7, host="a, b\\",for=192.0.2.1)") == "192.0.2.1");
}

TEST_CASE("what says no address ends the way at the last trusted hop", "[forwarded]") {
    for (const char* element : {"unknown", "_hidden", "192.0.2.256", "192.0.2.1:x", "a.test", "fe80::1%eth0", "[::1"}) {
        INFO(element);
        CHECK(by_custom(std::string("192.0.2.1, ") + element + ", 10.9.9.9") == "10.9.9.9");
        CHECK(by_standard(std::string("for=192.0.2.1, for=\"") + element + "\", for=10.9.9.9") == "10.9.9.9");
    }
    for (const char* element : {"for", "for=", "proto=https", "for=192.0.2.1;for=192.0.2.2", "for=\"192.0.2.1", "x",
                                "for=2001:db8::7", "for=\"192.0.2.1\"x", "for=\"192.0.2.1\\", "for =192.0.2.1"}) {
        INFO(element);
        CHECK(by_standard(std::string("for=192.0.2.9, ") + element) == "10.0.0.1");
    }
}

TEST_CASE("what the client wrote does not change how its proxy is read", "[forwarded]") {
    for (const char* written : {"for=\"192.0.2.66", "\"", "for=\"\\\"", "\\", ";", "for=\"a, for=10.0.0.9", ",,,"}) {
        INFO(written);
        CHECK(by_standard(std::string(written) + ", for=192.0.2.1") == "192.0.2.1");
        CHECK(by_standard(std::string(written) + ", for=\"192.0.2.1\"") == "192.0.2.1");
        CHECK(by_custom(std::string(written) + ", 192.0.2.1") == "192.0.2.1");
    }
}

TEST_CASE("fields that contradict each other are both not believed", "[forwarded]") {
    CHECK(client({"for=192.0.2.1"}, {"192.0.2.1"}) == "192.0.2.1");
    CHECK(client({"for=192.0.2.66"}, {"192.0.2.1"}) == "10.0.0.1 contradictory");
    CHECK(client({"for=unknown"}, {"192.0.2.1"}) == "10.0.0.1 contradictory");
    CHECK(client({"for=192.0.2.66"}, {"192.0.2.1"}, Address::v4(203, 0, 113, 9)) == "203.0.113.9");
}

TEST_CASE("no more hops are looked at than a way can have", "[forwarded]") {
    std::string value = "192.0.2.1";
    for (std::size_t hop = 1; hop < http::forwarded_hops; ++hop) value += ", 10.0.0.2";
    CHECK(by_custom(value) == "192.0.2.1");
    CHECK(by_custom(value + ", 10.0.0.2") == "10.0.0.2");
    CHECK(by_custom("192.0.2.1" + std::string(http::forwarded_hops, ',')) == "10.0.0.1");
}
