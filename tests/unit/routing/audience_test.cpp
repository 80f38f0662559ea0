// SPDX-License-Identifier: MIT
#include "routing/audience.hpp"

#include "catch.hpp"

namespace dproxy::routing {

TEST_CASE("whom a section is for", "[audience]") {
    const net::Address office = net::Address::v4(10, 1, 2, 3), other = net::Address::v4(192, 0, 2, 1);
    Audience audience;
    CHECK(audience.is_everybody());
    CHECK(audience.is_for_client({}));
    CHECK(audience.is_for_type({}));
    CHECK(audience.to_string().empty());
    CHECK(audience.label_of(".x *.y") == ".x *.y");

    audience.clients = {*net::Network::parse("10.0.0.0/8"), *net::Network::parse("fd00::/8")};
    CHECK_FALSE(audience.is_everybody());
    CHECK(audience.is_for_client({&office, 1}));
    CHECK_FALSE(audience.is_for_client({&other, 1}));
    CHECK_FALSE(audience.is_for_client({}));
    CHECK(audience.label_of(".x") == "[.x] clients=10.0.0.0/8,fd00::/8");

    audience.types = {1, 28, 65280};
    CHECK(audience.is_for_type({nullptr, 28}));
    CHECK_FALSE(audience.is_for_type({nullptr, 15}));
    CHECK_FALSE(audience.is_for_type({}));
    CHECK(audience.label_of(".x *.y") == "[.x *.y] clients=10.0.0.0/8,fd00::/8 types=A,AAAA,TYPE65280");
    audience.clients = {};
    CHECK(audience.label_of("*") == "[*] types=A,AAAA,TYPE65280");
}

}  // namespace dproxy::routing
