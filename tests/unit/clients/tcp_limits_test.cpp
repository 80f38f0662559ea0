// SPDX-License-Identifier: MIT
#include "clients/tcp_limits.hpp"

#include "catch.hpp"

using dproxy::net::Address;
using dproxy::net::ClientNetwork;
using dproxy::proxy::TcpLimits;
using Admission = TcpLimits::Admission;

TEST_CASE("connections are limited in all and for each client", "[tcp_limits]") {
    TcpLimits limits(3, 2);
    const auto one = ClientNetwork::proven(Address::v4(192, 0, 2, 1));
    const auto other = ClientNetwork::proven(Address::v4(192, 0, 2, 2));
    CHECK(limits.admit(one) == Admission::admitted);
    CHECK(limits.admit(one) == Admission::admitted);
    CHECK(limits.admit(one) == Admission::too_many_of_client);
    CHECK(limits.admit(other) == Admission::admitted);
    CHECK(limits.admit(other) == Admission::too_many);
    limits.leave(one);
    CHECK(limits.admit(other) == Admission::admitted);
    CHECK(limits.admit(other) == Admission::too_many_of_client);
    limits.leave(other);
    limits.leave(other);
    CHECK(limits.admit(one) == Admission::admitted);
}

TEST_CASE("who speaks for many has more than one client's share, and no more than there is", "[tcp_limits]") {
    TcpLimits limits(3, 1);
    const auto proxy = ClientNetwork::proven(Address::v4(192, 0, 2, 1));
    for (int i = 0; i < 3; ++i) CHECK(limits.admit(proxy, TcpLimits::Share::of_many) == Admission::admitted);
    CHECK(limits.admit(proxy, TcpLimits::Share::of_many) == Admission::too_many);
    CHECK(limits.admit(proxy) == Admission::too_many_of_client);
    for (int i = 0; i < 3; ++i) limits.leave(proxy);
    CHECK(limits.admit(proxy) == Admission::admitted);
}

TEST_CASE("a /64 of IPv6 is one client", "[tcp_limits]") {
    TcpLimits limits(100, 2);
    const auto client = [](const char* text) { return ClientNetwork::proven(*Address::parse(text)); };
    CHECK(limits.admit(client("2001:db8::1")) == Admission::admitted);
    CHECK(limits.admit(client("2001:db8::ffff:2")) == Admission::admitted);
    CHECK(limits.admit(client("2001:db8::3")) == Admission::too_many_of_client);
    CHECK(limits.admit(client("2001:db8:0:1::1")) == Admission::admitted);
    limits.leave(client("2001:db8::9"));
    CHECK(limits.admit(client("2001:db8::3")) == Admission::admitted);
}
