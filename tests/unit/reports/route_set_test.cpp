// SPDX-License-Identifier: MIT
#include "reports/route_set.hpp"

#include "catch.hpp"
#include "route_set_of.hpp"

using namespace dproxy::config;
using dproxy::test::add_routes;

namespace {

const RouteSet::Entry& entry_of(const RouteSet& set, std::string_view pattern, std::string_view audience = "") {
    const auto at = set.find(pattern, audience);
    REQUIRE(at != RouteSet::none);
    return set.entries()[at];
}

Audience audience_of(const std::string& words) {
    RouteSet set;
    add_routes(set, "a.test " + words);
    return set.audience(set.entries().at(0));
}

}  // namespace

TEST_CASE("a set keeps what becomes of a pattern's names, and where that stands", "[route_set]") {
    RouteSet set;
    add_routes(set, "a.test 192.0.2.1\n*.a.test 192.0.2.1 timeout_ms=1\nb.test nxdomain\nc.test 192.0.2.1\n");
    CHECK(set.entries().size() == 4);
    CHECK(set.destination(entry_of(set, "a.test")) == R"({"protocol":"udp","upstreams":["192.0.2.1"]})");
    CHECK(set.destination(entry_of(set, "b.test")) == R"({"answer":"nxdomain"})");
    CHECK(set.destination(entry_of(set, "c.test")) == set.destination(entry_of(set, "a.test")));
    CHECK(set.destination(entry_of(set, "*.a.test")) != set.destination(entry_of(set, "a.test")));
    CHECK(set.place(entry_of(set, "b.test")) == "f:3");
    CHECK(set.find("x.test") == RouteSet::none);
    CHECK(set.find("a.test", "clients 10.0.0.0/8") == RouteSet::none);
    CHECK_FALSE(set.add({{"answer", "refused"}}));
    CHECK(set.add({{"pattern", "d.test"}, {"line", "x"}}));
    CHECK(set.place(entry_of(set, "d.test")) == ":0");
}

TEST_CASE("sections of one pattern are told apart by clients and types, in any order", "[route_set]") {
    RouteSet set;
    add_routes(set,
               "a.test 192.0.2.1\na.test clients=fd00::/8,10.0.0.0/8 192.0.2.2\na.test types=MX,A 192.0.2.3\n"
               "a.test clients=10.0.0.0/8 types=A refused\n");
    CHECK(entry_of(set, "a.test").line == 1);
    CHECK(entry_of(set, "a.test", "clients 10.0.0.0/8, fd00::/8").line == 2);
    CHECK(entry_of(set, "a.test", "types A, MX").line == 3);
    CHECK(entry_of(set, "a.test", "clients 10.0.0.0/8; types A").line == 4);
}

TEST_CASE("who sees a section: networks within networks, types among types", "[route_set]") {
    const auto all = audience_of(""), wide = audience_of("clients=10.0.0.0/8");
    const auto narrow = audience_of("clients=10.1.0.0/16");
    const auto other = audience_of("clients=192.0.2.0/24"), address = audience_of("types=A");
    const auto addresses = audience_of("types=A,AAAA"), narrow_address = audience_of("clients=10.1.2.0/24 types=A");
    CHECK(all.covers(wide));
    CHECK(all.covers(address));
    CHECK_FALSE(wide.covers(all));
    CHECK(wide.covers(narrow));
    CHECK_FALSE(narrow.covers(wide));
    CHECK_FALSE(address.covers(all));
    CHECK(addresses.covers(address));
    CHECK_FALSE(address.covers(addresses));
    CHECK(wide.covers(narrow_address));
    CHECK_FALSE(narrow_address.covers(narrow));
    CHECK(wide.overlaps(narrow));
    CHECK(narrow.overlaps(wide));
    CHECK(narrow.overlaps(address));
    CHECK_FALSE(other.overlaps(wide));
    CHECK_FALSE(audience_of("types=MX").overlaps(addresses));
    CHECK(narrow.rank(all) > wide.rank(all));
    CHECK(wide.rank(all) > all.rank(all));
    CHECK(address.rank(all) > all.rank(all));
    CHECK(wide.rank(all) > addresses.rank(all));
}

TEST_CASE("the text of /routes is read route by route", "[route_set]") {
    RouteSet set;
    CHECK(set.read(R"( { "version" : 3 , "routes" : [ {"pattern":"a.test","answer":"refused","file":"f","line":2},
                      {"pattern":"*"} ], "otherwise":{"result":"none","answer":"drop"}, "more":[1,"x"] } )") == "");
    CHECK(set.entries().size() == 2);
    CHECK(set.otherwise() == R"({"result":"none","answer":"drop"})");
    RouteSet empty;
    CHECK(empty.read(R"({"routes":[],"otherwise":{}})") == "");
    CHECK(empty.entries().empty());
}

TEST_CASE("a text that is not that of /routes is refused", "[route_set]") {
    for (const auto* text :
         {"", "[]", "{}", "{", R"({"routes")", R"({"routes":3})", R"({"routes":[3]})", R"({"routes":[{}]})",
          R"({"routes":[{"pattern":"a"})", R"({"routes":[{"pattern":"a"}])", R"({"routes":[{"pattern":"a)", "<html>",
          R"({"routes":[],"otherwise":})", "{3:4}"}) {
        INFO(text);
        RouteSet set;
        CHECK(set.read(text) != "");
    }
}
