// SPDX-License-Identifier: MIT
#include "proxy/tcp_limits.hpp"

#include "catch.hpp"

using dproxy::net::Address;
using dproxy::proxy::TcpLimits;
using Admission = TcpLimits::Admission;

TEST_CASE("connections are limited in all and for each client", "[tcp_limits]") {
    TcpLimits limits(3, 2);
    const Address one = Address::v4(192, 0, 2, 1);
    const Address other = Address::v4(192, 0, 2, 2);
    CHECK(limits.admit(one) == Admission::admitted);
    CHECK(limits.admit(one) == Admission::admitted);
    CHECK(limits.admit(one) == Admission::too_many_of_client);
    CHECK(limits.admit(other) == Admission::admitted);
    CHECK(limits.admit(other) == Admission::too_many);
    limits.leave(one);
    CHECK(limits.admit(other) == Admission::admitted);
    CHECK(limits.admit(other) == Admission::too_many);
    limits.leave(other);
    limits.leave(other);
    CHECK(limits.admit(one) == Admission::admitted);
}
