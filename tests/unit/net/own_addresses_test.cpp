// SPDX-License-Identifier: MIT
#include "net/own_addresses.hpp"

#include "catch.hpp"

using namespace dproxy::net;

namespace {

Endpoint endpoint(const char* text) { return *Endpoint::parse(text, 0); }

}  // namespace

TEST_CASE("an address that is listened on is dproxy's own", "[own_addresses]") {
    const OwnAddresses own{{endpoint("192.0.2.7:53"), endpoint("[2001:db8::7]:5300")}, {}};
    CHECK(own.contains(endpoint("192.0.2.7:53")));
    CHECK(own.contains(endpoint("[2001:db8::7]:5300")));
    CHECK_FALSE(own.contains(endpoint("192.0.2.7:5300")));
    CHECK_FALSE(own.contains(endpoint("192.0.2.8:53")));
    CHECK_FALSE(own.contains(endpoint("127.0.0.1:53")));
}

TEST_CASE("a wildcard is loopback and every local address of its family", "[own_addresses]") {
    const OwnAddresses own{{endpoint("0.0.0.0:53")}, {*Address::parse("192.0.2.7"), *Address::parse("2001:db8::7")}};
    CHECK(own.contains(endpoint("192.0.2.7:53")));
    CHECK(own.contains(endpoint("127.0.0.1:53")));
    CHECK(own.contains(endpoint("127.0.0.53:53")));
    CHECK_FALSE(own.contains(endpoint("127.0.0.1:8053")));
    CHECK_FALSE(own.contains(endpoint("192.0.2.8:53")));
    CHECK_FALSE(own.contains(endpoint("[2001:db8::7]:53")));
    CHECK_FALSE(own.contains(endpoint("[::1]:53")));
}

TEST_CASE("the unspecified address as a destination is this host", "[own_addresses]") {
    CHECK(OwnAddresses{{endpoint("127.0.0.1:53")}, {}}.contains(endpoint("0.0.0.0:53")));
    CHECK(OwnAddresses{{endpoint("0.0.0.0:53")}, {}}.contains(endpoint("0.0.0.0:53")));
    CHECK(OwnAddresses{{endpoint("[::]:53")}, {}}.contains(endpoint("[::]:53")));
    CHECK_FALSE(OwnAddresses{{endpoint("[::]:53")}, {}}.contains(endpoint("0.0.0.0:53")));
    CHECK_FALSE(OwnAddresses{}.contains(endpoint("127.0.0.1:53")));
}

TEST_CASE("a link-local address is dproxy's own in its own zone", "[own_addresses]") {
    const OwnAddresses own{{endpoint("[::]:53"), endpoint("[fe80::7%eth2]:5300")},
                           {*Address::parse_zoned("fe80::1%eth0")}};
    CHECK(own.contains(endpoint("[fe80::1%eth0]:53")));
    CHECK(own.contains(endpoint("[fe80::1%3]:53")));  // which may be eth0
    CHECK_FALSE(own.contains(endpoint("[fe80::1%eth1]:53")));
    CHECK(own.contains(endpoint("[fe80::7%eth2]:5300")));
    CHECK_FALSE(own.contains(endpoint("[fe80::7%eth0]:5300")));
}
