// SPDX-License-Identifier: MIT
#include "routing/giving_way.hpp"

#include "catch.hpp"

using namespace dproxy;
using routing::Holding;
using routing::who_gives_way;

namespace {

net::ClientNetwork network(const char* text) { return net::ClientNetwork::claimed(*net::Address::parse(text)); }

using Ending = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("the network that holds most gives way, its oldest first", "[giving_way]") {
    const auto big = network("192.0.2.1");
    const auto small = network("198.51.100.1");
    const std::vector<Holding> holdings{{big, 30, 1, 0}, {small, 1, 1, 1}, {big, 10, 1, 2}, {big, 20, 1, 3}};
    CHECK(who_gives_way(holdings, 1) == Ending{2});
    CHECK(who_gives_way(holdings, 2) == Ending{2, 3});
    CHECK(who_gives_way(holdings, 3) == Ending{2, 3, 1});  // equal now: the oldest
    CHECK(who_gives_way(holdings, 100) == Ending{2, 3, 1, 0});
    CHECK(who_gives_way(holdings, 0).empty());
    CHECK(who_gives_way({}, 5).empty());
}

TEST_CASE("amounts count, not things", "[giving_way]") {
    const auto many = network("192.0.2.1");
    const auto large = network("198.51.100.1");
    const std::vector<Holding> holdings{{many, 1, 10, 0}, {many, 2, 10, 1}, {many, 3, 10, 2}, {large, 9, 500, 3}};
    CHECK(who_gives_way(holdings, 100) == Ending{3});
    CHECK(who_gives_way(holdings, 510) == Ending{3, 0});
}

TEST_CASE("addresses of one network count together, and families apart", "[giving_way]") {
    using net::ClientNetwork;
    const auto address = [](const char* text) { return *net::Address::parse(text); };
    CHECK(ClientNetwork::claimed(address("192.0.2.1")) == ClientNetwork::claimed(address("192.0.2.255")));
    CHECK(ClientNetwork::claimed(address("192.0.2.1")) != ClientNetwork::claimed(address("192.0.3.1")));
    CHECK(ClientNetwork::proven(address("192.0.2.1")) != ClientNetwork::proven(address("192.0.2.2")));
    CHECK(ClientNetwork::claimed(address("2001:db8:0:1ff::1")) == ClientNetwork::claimed(address("2001:db8:0:100::")));
    CHECK(ClientNetwork::claimed(address("2001:db8:0:200::")) != ClientNetwork::claimed(address("2001:db8:0:100::")));
    CHECK(ClientNetwork::proven(address("2001:db8::1")) == ClientNetwork::proven(address("2001:db8::ffff:1")));
    CHECK(ClientNetwork::proven(address("2001:db8::1")) != ClientNetwork::proven(address("2001:db8:0:1::1")));
    CHECK(ClientNetwork::proven(address("0.0.0.0")) != ClientNetwork::proven(address("::")));
    CHECK(ClientNetwork::claimed(address("192.0.2.0")) != ClientNetwork::proven(address("192.0.2.0")));
}
TEST_CASE("for a newcomer that has less than others somebody gives way, for others nobody", "[giving_way]") {
    const auto network = [](std::uint8_t number) {
        return net::ClientNetwork::proven(net::Address::v4(10, 0, 0, number));
    };
    using dproxy::routing::who_gives_way_for;
    std::vector<Holding> holdings{{network(1), 30, 1, 7}, {network(1), 20, 1, 8}, {network(2), 10, 1, 9}};
    CHECK(who_gives_way_for(network(3), holdings) == 8u);
    CHECK_FALSE(who_gives_way_for(network(1), holdings));
    CHECK_FALSE(who_gives_way_for(network(2), holdings));
    holdings.push_back({network(1), 40, 1, 6});
    CHECK(who_gives_way_for(network(2), holdings) == 8u);
    CHECK_FALSE(who_gives_way_for(network(3), {{network(1), 1, 1, 1}, {network(2), 1, 1, 2}}));
    CHECK_FALSE(who_gives_way_for(network(3), {}));
}

