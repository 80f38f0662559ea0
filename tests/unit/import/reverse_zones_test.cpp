// SPDX-License-Identifier: MIT
#include "import/reverse_zones.hpp"

#include "catch.hpp"

using dproxy::foreign::reverse_zones;
using Zones = std::vector<std::string>;

TEST_CASE("reverse zones of networks", "[import]") {
    CHECK(reverse_zones("192.0.2.0/24") == Zones{"2.0.192.in-addr.arpa"});
    CHECK(reverse_zones("10.0.0.0/8") == Zones{"10.in-addr.arpa"});
    CHECK(reverse_zones("192.0.2.7/32") == Zones{"7.2.0.192.in-addr.arpa"});
    CHECK(reverse_zones("0.0.0.0/0") == Zones{"in-addr.arpa"});
    CHECK(reverse_zones("172.16.0.0/14") == Zones{"16.172.in-addr.arpa", "17.172.in-addr.arpa", "18.172.in-addr.arpa",
                                                  "19.172.in-addr.arpa"});
    CHECK(reverse_zones("10.0.0.0/1").size() == 128);
    CHECK(reverse_zones("2001:db8::/32") == Zones{"8.b.d.0.1.0.0.2.ip6.arpa"});
    CHECK(reverse_zones("fd00::/7").front() == "c.f.ip6.arpa");
    CHECK(reverse_zones("fd00::/7").size() == 2);
}

TEST_CASE("what is no network has no reverse zones", "[import]") {
    for (const auto* text : {"", "192.0.2.1", "x/8", "192.0.2.0/33", "192.0.2.0/", "/8", "example.com"}) {
        CHECK(reverse_zones(text).empty());
    }
}
