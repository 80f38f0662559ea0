// SPDX-License-Identifier: MIT
#include "reports/route_diff.hpp"

#include <sstream>

#include "catch.hpp"
#include "route_set_of.hpp"

using namespace dproxy::config;
using dproxy::test::add_routes;

namespace {

/// `+ a.test` for each change, and `f:LINE` of where its names went and go, `-` for no route.
std::string changes_of(const std::string& before, const std::string& after) {
    RouteSet old, now;
    add_routes(old, before);
    add_routes(now, after);
    const RouteDiff diff(old, now, R"({"result":"none","answer":"refused"})");
    const auto lines = [](const std::vector<Taker>& takers) {
        std::string text;
        for (const Taker& taker : takers) {
            text += ' ';
            text += taker.entry == RouteSet::none ? "-" : std::to_string(taker.set->entries()[taker.entry].line);
        }
        return text;
    };
    std::string text;
    for (const RouteChange& change : diff.changes()) {
        text += "+-~"[static_cast<std::size_t>(change.kind)] + std::string(diff.entry(change).pattern) +
                lines(diff.before(change)) + " ->" + lines(diff.after(change)) + "\n";
    }
    if (diff.unmoved() > 0) text += std::to_string(diff.unmoved()) + " unmoved\n";
    return text;
}

}  // namespace

TEST_CASE("equal routes are no difference, whatever their order and place", "[route_diff]") {
    CHECK(changes_of("", "") == "");
    CHECK(changes_of("a.test 192.0.2.1\n*.b.test 192.0.2.2\n", "*.b.test 192.0.2.2\n\na.test 192.0.2.1\n") == "");
    CHECK(changes_of("a.test clients=10.0.0.0/8,fd00::/8 refused\n", "a.test clients=fd00::/8,10.0.0.0/8 refused\n") ==
          "");
}

TEST_CASE("a pattern with another destination, or with other keys, is changed", "[route_diff]") {
    CHECK(changes_of("a.test 192.0.2.1\n", "a.test 192.0.2.2\n") == "~a.test 1 -> 1\n");
    CHECK(changes_of("a.test 192.0.2.1\n", "a.test nxdomain\n") == "~a.test 1 -> 1\n");
    CHECK(changes_of("a.test 192.0.2.1\n", "a.test 192.0.2.1 timeout_ms=100\n") == "~a.test 1 -> 1\n");
}

TEST_CASE("a new pattern takes names from the longest wildcard above it", "[route_diff]") {
    const std::string old = "* 192.0.2.1\n*.test 192.0.2.2\n*.a.test 192.0.2.3\nb.test 192.0.2.4\n";
    CHECK(changes_of(old, old + "x.a.test 192.0.2.9\n") == "+x.a.test 3 -> 5\n");
    CHECK(changes_of(old, old + "a.test 192.0.2.9\n") == "+a.test 2 -> 5\n");
    CHECK(changes_of(old, old + "*.b.test 192.0.2.9\n") == "+*.b.test 2 -> 5\n");
    CHECK(changes_of(old, old + "test 192.0.2.9\n") == "+test 1 -> 5\n");
    CHECK(changes_of("b.test 192.0.2.4\n", "b.test 192.0.2.4\n* refused\n") == "+* - -> 2\n");
    CHECK(changes_of("*.a\\.b.test 192.0.2.1\n*.b.test 192.0.2.2\n",
                     "*.a\\.b.test 192.0.2.1\n*.b.test 192.0.2.2\nx.a\\.b.test 192.0.2.3\ny\\.a.b.test 192.0.2.3\n") ==
          "+x.a\\.b.test 1 -> 3\n+y\\.a.b.test 2 -> 4\n");
}

TEST_CASE("the names of a pattern that goes fall to the one above it, or to none", "[route_diff]") {
    const std::string kept = "*.test 192.0.2.2\n";
    CHECK(changes_of(kept + "x.a.test 192.0.2.9\n", kept) == "-x.a.test 2 -> 1\n");
    CHECK(changes_of("x.test 192.0.2.9\n", "") == "-x.test 1 -> -\n");
    // Both sides name another pattern for the same names.
    CHECK(changes_of("*.test 192.0.2.1\n", "a.test 192.0.2.2\n") == "+a.test 1 -> 1\n-*.test 1 -> -\n");
    CHECK(changes_of("a.test 192.0.2.1\n", "*.test 192.0.2.2\n") == "+*.test - -> 1\n-a.test 1 -> 1\n");
}

TEST_CASE("a pattern that says what the one above it says moves no name", "[route_diff]") {
    CHECK(changes_of("*.test 192.0.2.1\n", "*.test 192.0.2.1\na.test 192.0.2.1\n") == "1 unmoved\n");
    CHECK(changes_of("*.test 192.0.2.1\na.test 192.0.2.1\n*.b.test 192.0.2.1\n", "*.test 192.0.2.1\n") ==
          "2 unmoved\n");
    // The wildcard takes over, and takes more with it.
    CHECK(changes_of("a.test 192.0.2.1\n", "*.test 192.0.2.1\n") == "+*.test - -> 1\n1 unmoved\n");
}

TEST_CASE("sections for some clients take names from those for all", "[route_diff]") {
    const std::string all = "a.test 192.0.2.1\n";
    CHECK(changes_of(all, all + "a.test clients=10.0.0.0/8 192.0.2.2\n") == "+a.test 1 -> 2\n");
    CHECK(changes_of(all, all + "a.test clients=10.0.0.0/8 192.0.2.1\n") == "1 unmoved\n");
    const std::string office = "*.test 192.0.2.1\n*.test clients=10.0.0.0/8 192.0.2.2\n";
    CHECK(changes_of(office, office + "a.test 192.0.2.9\n") == "+a.test 2 1 -> 3\n");
    CHECK(changes_of(office, office + "a.test clients=10.1.0.0/16 192.0.2.9\n") == "+a.test 2 -> 3\n");
    CHECK(changes_of(office, office + "a.test clients=192.0.2.0/24 192.0.2.9\n") == "+a.test 1 -> 3\n");
    // Some of the names go elsewhere by it, others stay.
    CHECK(changes_of(office, office + "a.test 192.0.2.1\n") == "+a.test 2 1 -> 3\n");
}

TEST_CASE("sections for some types leave the others where they are", "[route_diff]") {
    const std::string all = "*.test 192.0.2.1\n";
    CHECK(changes_of(all, all + "*.test types=A,AAAA 192.0.2.2\n") == "+*.test 1 -> 2\n");
    const std::string typed = all + "a.test types=AAAA nodata\n";
    CHECK(changes_of(typed, typed + "a.test 192.0.2.2\n") == "+a.test 2 1 -> 3\n");
    CHECK(changes_of(typed, typed + "a.test types=A 192.0.2.2\n") == "+a.test 1 -> 3\n");
    // A network wins over types.
    const std::string both = "a.test clients=10.0.0.0/8 192.0.2.1\na.test types=A 192.0.2.2\n";
    CHECK(changes_of(both, both + "a.test clients=10.1.0.0/16 192.0.2.3\n") == "+a.test 1 -> 3\n");
}

TEST_CASE("changes are counted by kind", "[route_diff]") {
    RouteSet old, now;
    add_routes(old, "a.test 192.0.2.1\nb.test 192.0.2.1\nc.test 192.0.2.1\n");
    add_routes(now, "a.test 192.0.2.2\nd.test 192.0.2.1\n");
    const RouteDiff diff(old, now, "{}");
    CHECK(diff.count(RouteChange::Kind::added) == 1);
    CHECK(diff.count(RouteChange::Kind::removed) == 2);
    CHECK(diff.count(RouteChange::Kind::changed) == 1);
    CHECK(diff.changes().size() == 4);
}
