// SPDX-License-Identifier: MIT
#include "net/client_network.hpp"

#include <set>
#include <string_view>

#include "catch.hpp"

using namespace dproxy::net;

namespace {

Address address(std::string_view text) {
    const auto parsed = Address::parse(text);
    REQUIRE(parsed);
    return *parsed;
}

bool claimed_together(std::string_view one, std::string_view other) {
    return ClientNetwork::claimed(address(one)) == ClientNetwork::claimed(address(other));
}
bool proven_together(std::string_view one, std::string_view other) {
    return ClientNetwork::proven(address(one)) == ClientNetwork::proven(address(other));
}

}  // namespace

TEST_CASE("an address that may be forged counts with its /24 or /56", "[client_network]") {
    CHECK(claimed_together("192.0.2.0", "192.0.2.255"));
    CHECK_FALSE(claimed_together("192.0.2.255", "192.0.3.0"));
    CHECK_FALSE(claimed_together("192.0.2.1", "193.0.2.1"));
    CHECK(claimed_together("2001:db8:1:100::", "2001:db8:1:1ff:ffff:ffff:ffff:ffff"));
    CHECK_FALSE(claimed_together("2001:db8:1:1ff::", "2001:db8:1:200::"));
    CHECK_FALSE(claimed_together("2001:db8::", "a001:db8::"));
}

TEST_CASE("an address that has answered counts for itself, of IPv6 with its /64", "[client_network]") {
    CHECK(proven_together("192.0.2.1", "192.0.2.1"));
    CHECK_FALSE(proven_together("192.0.2.1", "192.0.2.2"));
    CHECK(proven_together("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"));
    CHECK_FALSE(proven_together("2001:db8::1", "2001:db8:0:1::1"));
}

TEST_CASE("networks of both families and of all lengths are told apart", "[client_network]") {
    // The same leading bits each time: 0, where the rest does not count.
    const std::set<ClientNetwork> networks{
        ClientNetwork::claimed(address("0.0.0.0")), ClientNetwork::proven(address("0.0.0.0")),
        ClientNetwork::claimed(address("::")), ClientNetwork::proven(address("::")), ClientNetwork{}};
    CHECK(networks.size() == 5);
    CHECK(ClientNetwork::claimed(address("255.255.255.255")).is_v4());
    CHECK(ClientNetwork::proven(address("0.0.0.0")).is_v4());
    CHECK_FALSE(ClientNetwork::claimed(address("::")).is_v4());
    CHECK_FALSE(ClientNetwork::proven(address("::1")).is_v4());
}

TEST_CASE("what a network does not say of an address is 0 in it", "[client_network]") {
    CHECK(ClientNetwork::claimed(address("192.0.2.255")).prefix == 0xc000'0200'0000'0000);
    CHECK(ClientNetwork::proven(address("192.0.2.255")).prefix == 0xc000'02ff'0000'0000);
    CHECK(ClientNetwork::claimed(address("ffff:ffff:ffff:ffff:ffff::")).prefix == 0xffff'ffff'ffff'ff00);
    CHECK(ClientNetwork::proven(address("ffff:ffff:ffff:ffff:ffff::")).prefix == 0xffff'ffff'ffff'ffff);
}
