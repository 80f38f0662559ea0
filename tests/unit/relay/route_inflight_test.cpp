// SPDX-License-Identifier: MIT
#include "relay/route_inflight.hpp"

#include "catch.hpp"
#include "unit/routing/table_of_patterns.hpp"

using namespace dproxy;
using namespace dproxy::proxy;
using routing::no_route;

namespace {

auto table_of(const std::vector<std::string>& patterns) {
    auto settings = std::make_shared<routing::RouteSettings>();
    return routing::RouteTable::build({routing::file_of("a.prox", patterns, settings)}).table;
}

}  // namespace

TEST_CASE("a route is found again in the next table, wherever it stands", "[route_inflight]") {
    const auto before = table_of({"a.test", "b.test", "c.test"});
    const auto after = table_of({"new.test", "c.test", "a.test"});
    RouteSuccession succession(*before, *after);
    CHECK(succession.successor_of(before->find_label("a.test")) == after->find_label("a.test"));
    CHECK(succession.successor_of(before->find_label("c.test")) == after->find_label("c.test"));
    CHECK(succession.successor_of(before->find_label("b.test")) == no_route);
    CHECK(succession.successor_of(no_route) == no_route);
    CHECK(succession.successor_of(3) == 3);  // the master's
    const auto grown = table_of({"a.test", "b.test", "c.test", "d.test"});
    CHECK(RouteSuccession(*before, *grown).successor_of(3) == 4);
}

TEST_CASE("what has no route any more counts nowhere", "[route_inflight]") {
    RouteInflight inflight;
    inflight.take_table(*table_of({"a.test"}));
    inflight.add(0);
    inflight.add(1);
    inflight.subtract(no_route);
    CHECK(inflight.of(0) == 1);
    CHECK(inflight.of(1) == 1);
    inflight.subtract(0);
    CHECK(inflight.of(0) == 0);
    inflight.take_table(*table_of({"a.test"}));
    CHECK(inflight.of(1) == 0);
}
