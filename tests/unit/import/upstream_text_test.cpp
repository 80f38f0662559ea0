// SPDX-License-Identifier: MIT
#include "import/upstream_text.hpp"

#include "catch.hpp"

using namespace dproxy::foreign;

TEST_CASE("upstreams as address wants them", "[import]") {
    CHECK(upstream_text("192.0.2.1", "") == "192.0.2.1");
    CHECK(upstream_text("192.0.2.1", "5300") == "192.0.2.1:5300");
    CHECK(upstream_text("2001:DB8::1", "") == "2001:db8::1");
    CHECK(upstream_text("2001:db8::1", "53") == "[2001:db8::1]:53");
    CHECK(upstream_text("fe80::1%eth0", "53") == "[fe80::1%eth0]:53");
    CHECK(upstream_text("ns.example", "54") == "ns.example:54");
    for (const auto* bad : {"", "a:b", "[::1]", "192.0.2.1:53", "a b", "a/b"}) CHECK_FALSE(upstream_text(bad, ""));
    for (const auto* port : {"0", "65536", "x", "-1"}) CHECK_FALSE(upstream_text("192.0.2.1", port));
}

TEST_CASE("a text is cut at a sign", "[import]") {
    CHECK(cut_at("a=b=c", '=').before == "a");
    CHECK(cut_at("a=b=c", '=').after == "b=c");
    CHECK(cut_at("a", '=').before == "a");
    CHECK(cut_at("a", '=').after == "");
}
