// SPDX-License-Identifier: MIT
#include "routing/setting_names.hpp"

#include "catch.hpp"

using namespace dproxy::routing;

TEST_CASE("settings of a route are named as they are written", "[setting_names]") {
    CHECK(name_of(Protocol::as_client) == "udp");
    CHECK(name_of(Protocol::tcp) == "tcp");
    CHECK(name_of(Protocol::tls) == "tls");
    CHECK(name_of(Protocol::https) == "https");
    CHECK(name_of(Policy::least_outstanding) == "least-outstanding");
    CHECK(name_of(Policy::round_robin) == "round-robin");
    CHECK(name_of(Policy::random) == "random");
    CHECK(name_of(Policy::first) == "first");
    CHECK(name_of(Policy::hash) == "hash");
    CHECK(name_of(Health::on) == "on");
    CHECK(name_of(Health::passive) == "passive");
    CHECK(name_of(Health::off) == "off");
    CHECK(name_of(LocalAnswer::refused) == "refused");
    CHECK(name_of(LocalAnswer::nxdomain) == "nxdomain");
    CHECK(name_of(LocalAnswer::nodata) == "nodata");
    CHECK(name_of(LocalAnswer::servfail) == "servfail");
    CHECK(name_of(LocalAnswer::drop) == "drop");
}

TEST_CASE("a route that has upstreams has no answer to name", "[setting_names]") {
    CHECK(name_of(LocalAnswer::none).empty());
}
