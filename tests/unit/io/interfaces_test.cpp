// SPDX-License-Identifier: MIT
#include "io/interfaces.hpp"

#include <net/if.h>

#include <algorithm>

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::io;

namespace {

net::Address address(const char* text) { return *net::Address::parse_zoned(text); }

}  // namespace

TEST_CASE("this machine has its loopback address", "[interfaces]") {
    const auto addresses = local_addresses();
    CHECK(std::find(addresses.begin(), addresses.end(), address("127.0.0.1")) != addresses.end());
}

TEST_CASE("an interface is found by its name and by its number", "[interfaces]") {
    const std::uint32_t loopback = ::if_nametoindex("lo");
    REQUIRE(loopback != 0);
    CHECK(interface_index(address("fe80::1%lo")) == loopback);
    CHECK(interface_exists(address("fe80::1%lo")));
    const std::string by_number = "fe80::1%" + std::to_string(loopback);
    CHECK(interface_index(address(by_number.c_str())) == loopback);
    CHECK(interface_exists(address(by_number.c_str())));
}

TEST_CASE("without a zone, or with one that is not there, there is no interface", "[interfaces]") {
    CHECK(interface_index(address("fe80::1")) == 0);
    CHECK_FALSE(interface_exists(address("fe80::1")));
    CHECK(interface_index(address("fe80::1%nosuch0")) == 0);
    CHECK_FALSE(interface_exists(address("fe80::1%nosuch0")));
    CHECK_FALSE(interface_exists(address("fe80::1%4294967295")));
}
