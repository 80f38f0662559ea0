// SPDX-License-Identifier: MIT
#include "proxy/publisher.hpp"

#include <algorithm>
#include <string>

#include "catch.hpp"
#include "unit/routing/table_of_patterns.hpp"

using namespace dproxy;
using proxy::Publisher;

namespace {

const std::chrono::steady_clock::time_point start{};

std::shared_ptr<const routing::RouteSettings> to(std::initializer_list<const char*> addresses) {
    auto settings = std::make_shared<routing::RouteSettings>();
    for (const char* address : addresses) settings->targets.push_back({"", *net::Endpoint::parse(address, 53)});
    return settings;
}

std::shared_ptr<const routing::RouteTable> table(std::vector<std::shared_ptr<const routing::RouteFile>> files) {
    return routing::RouteTable::build(std::move(files)).table;
}

}  // namespace

TEST_CASE("the same upstream named by several routes is one upstream", "[publisher]") {
    Publisher publisher(to({"192.0.2.1:53"}), 10, 10);
    const auto made = publisher.make(table({routing::file_of("a.prox", {"a.example"}, to({"192.0.2.1", "192.0.2.2"})),
                                            routing::file_of("b.prox", {"b.example"}, to({"192.0.2.2"}))}),
                                     start);
    const proxy::PoolSet& set = *made.publication->pools;
    CHECK(set.upstreams.size() == 2);
    REQUIRE(set.pools.size() == 3);
    CHECK(set.pools[0].upstreams == std::vector<std::uint32_t>{0, 1});
    CHECK(set.pools[1].upstreams == std::vector<std::uint32_t>{1});
    REQUIRE(set.master == 2);
    CHECK(set.pools[2].upstreams == std::vector<std::uint32_t>{0});
}

TEST_CASE("an upstream that stays keeps its serial and slot, one that returns later is a new one", "[publisher]") {
    Publisher publisher(nullptr, 10, 10);
    const auto one = routing::file_of("a.prox", {"a.example"}, to({"192.0.2.1"}));
    const auto two = routing::file_of("b.prox", {"b.example"}, to({"192.0.2.2"}));
    const auto first = publisher.make(table({one, two}), start).publication;
    const auto second = publisher.make(table({two}), start).publication;
    const auto third = publisher.make(table({one, two}), start).publication;
    const auto& before = first->pools->upstreams;
    const auto& after = second->pools->upstreams;
    REQUIRE(after.size() == 1);
    CHECK(after[0].serial == before[1].serial);
    CHECK(after[0].slot == before[1].slot);
    CHECK(third->pools->upstreams[1].serial == before[1].serial);
    CHECK(third->pools->upstreams[0].serial != before[0].serial);
    CHECK(second->pools->master == proxy::no_pool);
}

TEST_CASE("upstreams differ by protocol, and share the label of their address", "[publisher]") {
    Publisher publisher(nullptr, 10, 10);
    auto over_tcp = std::make_shared<routing::RouteSettings>(*to({"192.0.2.1"}));
    over_tcp->protocol = routing::Protocol::tcp;
    const auto made = publisher.make(table({routing::file_of("a.prox", {"a.example"}, to({"192.0.2.1"})),
                                            routing::file_of("b.prox", {"b.example"}, over_tcp)}),
                                     start);
    const auto& upstreams = made.publication->pools->upstreams;
    REQUIRE(upstreams.size() == 2);
    CHECK(upstreams[0].serial != upstreams[1].serial);
    CHECK(upstreams[0].slot == upstreams[1].slot);
}

TEST_CASE("routes keep their slot over a reload, and beyond the limit count as other", "[publisher]") {
    Publisher publisher(nullptr, 2, 10);
    const auto first = publisher.make(routing::table_of({"a.example", "b.example", "c.example"}), start);
    CHECK(first.publication->route_slots.size() == 3);
    CHECK(first.publication->route_slots[2] == telemetry::other_slot);
    CHECK(first.labels->routes.size() == 2);
    const auto second = publisher.make(routing::table_of({"z.example", "b.example"}), start);
    CHECK(second.publication->route_slots[1] == first.publication->route_slots[1]);
    CHECK(second.publication->route_slots[0] != first.publication->route_slots[1]);
}
