// SPDX-License-Identifier: MIT
#include "ini/missing_interface.hpp"

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::config;

namespace {

std::string missing(std::string_view address, InterfaceCheck exists) {
    const auto parsed = net::Address::parse_zoned(address);
    REQUIRE(parsed);
    return missing_interface(*parsed, exists);
}

bool never(const net::Address&) { return false; }
bool only_eth0(const net::Address& address) { return address.zone_text() == "eth0"; }

}  // namespace

TEST_CASE("an address whose interface is not there is a fault that names both", "[missing_interface]") {
    CHECK(missing("fe80::1%eth0", only_eth0).empty());
    CHECK(missing("fe80::1%eth1", only_eth0) == "`fe80::1%eth1`: there is no interface `eth1` on this machine");
    CHECK(missing("fe80::1%7", only_eth0) == "`fe80::1%7`: there is no interface `7` on this machine");
}

TEST_CASE("an address without a zone asks for no interface", "[missing_interface]") {
    CHECK(missing("192.0.2.1", never).empty());
    CHECK(missing("2001:db8::1", never).empty());
}

TEST_CASE("this machine has a loopback interface", "[missing_interface]") {
    CHECK(missing("fe80::1%lo", io::interface_exists).empty());
    CHECK_FALSE(missing("fe80::1%nosuchif", io::interface_exists).empty());
}
