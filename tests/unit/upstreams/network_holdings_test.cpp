// SPDX-License-Identifier: MIT
#include "upstreams/network_holdings.hpp"

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::proxy;

namespace {

net::ClientNetwork network(const char* address) { return net::ClientNetwork::claimed(*net::Address::parse(address)); }

}  // namespace

TEST_CASE("what each network holds is counted, and who holds most is known", "[network_holdings]") {
    NetworkHoldings holdings;
    CHECK(holdings.most().count == 0);
    holdings.enter(network("192.0.2.1"));
    for (int i = 0; i < 3; ++i) holdings.enter(network("198.51.100.1"));
    CHECK(holdings.of(network("192.0.2.99")) == 1);
    CHECK(holdings.of(network("203.0.113.1")) == 0);
    CHECK(holdings.most().network == network("198.51.100.7"));
    CHECK(holdings.most().count == 3);
    for (int i = 0; i < 3; ++i) holdings.leave(network("198.51.100.1"));
    CHECK(holdings.most().network == network("192.0.2.1"));
    holdings.leave(network("203.0.113.1"));  // there was no memory to enter it
    holdings.leave(network("192.0.2.1"));
    CHECK(holdings.most().count == 0);
}
