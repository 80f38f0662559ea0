// SPDX-License-Identifier: MIT
#include "publication/publisher.hpp"

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

const proxy::AddressBook nothing_resolved;

Publisher::Edition make(Publisher& publisher, std::shared_ptr<const routing::RouteTable> table,
                        const proxy::KnownAddresses& known = {nothing_resolved}) {
    publisher.take_table(std::move(table), start);
    return publisher.make(known, start);
}

}  // namespace

TEST_CASE("the same upstream named by several routes is one upstream", "[publisher]") {
    Publisher publisher(to({"192.0.2.1:53"}), 10, 10);
    const auto made = make(publisher, table({routing::file_of("a.prox", {"a.example"}, to({"192.0.2.1", "192.0.2.2"})),
                                            routing::file_of("b.prox", {"b.example"}, to({"192.0.2.2"}))}));
    const proxy::PoolSet& set = *made.publication->pools;
    CHECK(set.upstreams.size() == 2);
    REQUIRE(set.pools.size() == 3);
    CHECK(set.pools[0].upstreams == std::vector<std::uint32_t>{0, 1});
    CHECK(set.pools[1].upstreams == std::vector<std::uint32_t>{1});
    REQUIRE(set.master == 2);
    CHECK(set.pools[2].upstreams == std::vector<std::uint32_t>{0});
}

TEST_CASE("of routes with one upstream the first that says a probe is heard, the master upstream last", "[publisher]") {
    const auto asking = [](const char* name) {
        auto settings = std::make_shared<routing::RouteSettings>(*to({"192.0.2.1"}));
        if (*name != '\0') settings->probe = routing::ProbeSetting{name, 1};
        return settings;
    };
    Publisher publisher(asking("master.example"), 10, 10);
    const auto silent = routing::file_of("a.prox", {"a.example"}, asking(""));
    const auto first = routing::file_of("b.prox", {"b.example"}, asking("b.example"));
    const auto other = routing::file_of("c.prox", {"c.example"}, asking("c.example"));
    const auto name_of = [](const Publisher::Edition& made) {
        REQUIRE(made.publication->pools->upstreams.size() == 1);
        return made.publication->pools->upstreams[0].probe->name;
    };
    CHECK(name_of(make(publisher, table({silent, first, other}))) == "b.example");
    CHECK(name_of(make(publisher, table({silent, other}))) == "c.example");
    CHECK(name_of(make(publisher, table({silent}))) == "master.example");
}

TEST_CASE("an upstream that stays keeps its serial and slot, one that returns later is a new one", "[publisher]") {
    Publisher publisher(nullptr, 10, 10);
    const auto one = routing::file_of("a.prox", {"a.example"}, to({"192.0.2.1"}));
    const auto two = routing::file_of("b.prox", {"b.example"}, to({"192.0.2.2"}));
    const auto first = make(publisher, table({one, two})).publication;
    const auto second = make(publisher, table({two})).publication;
    const auto third = make(publisher, table({one, two})).publication;
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
    const auto made = make(publisher, table({routing::file_of("a.prox", {"a.example"}, to({"192.0.2.1"})),
                                            routing::file_of("b.prox", {"b.example"}, over_tcp)}));
    const auto& upstreams = made.publication->pools->upstreams;
    REQUIRE(upstreams.size() == 2);
    CHECK(upstreams[0].serial != upstreams[1].serial);
    CHECK(upstreams[0].slot == upstreams[1].slot);
}

TEST_CASE("routes keep their slot over a reload, and beyond the limit count as other", "[publisher]") {
    Publisher publisher(nullptr, 2, 10);
    const auto first = make(publisher, routing::table_of({"a.example", "b.example", "c.example"}));
    CHECK(first.publication->route_slots->size() == 3);
    CHECK(first.publication->route_slots->at(2) == telemetry::other_slot);
    CHECK(first.labels->routes.size() == 2);
    const auto second = make(publisher, routing::table_of({"z.example", "b.example"}));
    CHECK(second.publication->route_slots->at(1) == first.publication->route_slots->at(1));
    CHECK(second.publication->route_slots->at(0) != first.publication->route_slots->at(1));
}

namespace {

const auto ns_test = [] {
    auto settings = std::make_shared<routing::RouteSettings>();
    settings->targets = {{"ns.test", {{}, 8053}}};
    return std::shared_ptr<const routing::RouteSettings>(settings);
}();

net::Address address(const char* text) { return *net::Address::parse(text); }

std::string upstreams_text(const proxy::PoolSet& set, std::size_t pool) {
    std::string text;
    for (const auto index : set.pools[pool].upstreams) text += set.upstreams[index].key.endpoint.to_string() + " ";
    return text;
}

}  // namespace

TEST_CASE("a host name is all of its addresses, and nothing until it has one", "[publisher]") {
    Publisher publisher(ns_test, 10, 10);
    publisher.take_table(table({routing::file_of("a.prox", {"a.example"}, ns_test)}), start);
    CHECK(publisher.host_names() == std::set<std::string>{"ns.test"});
    const auto before = publisher.make({nothing_resolved}, start);
    CHECK(upstreams_text(*before.publication->pools, 0).empty());
    CHECK(before.publication->pools->pools[0].why_empty == telemetry::Rejection::not_ready);

    const proxy::AddressBook book{{"ns.test", {address("192.0.2.1"), address("2001:db8::1")}}};
    const auto after = publisher.make({book}, start);
    CHECK(upstreams_text(*after.publication->pools, 0) == "192.0.2.1:8053 [2001:db8::1]:8053 ");
    CHECK(upstreams_text(*after.publication->pools, 1) == "192.0.2.1:8053 [2001:db8::1]:8053 ");
    CHECK(after.labels->upstreams.size() == 2);
}

TEST_CASE("a change of addresses renames no route, and what stays is the same upstream", "[publisher]") {
    Publisher publisher(nullptr, 10, 10);
    publisher.take_table(table({routing::file_of("a.prox", {"a.example"}, ns_test)}), start);
    const proxy::AddressBook book{{"ns.test", {address("192.0.2.1"), address("192.0.2.2")}}};
    const auto first = publisher.make({book}, start);
    const proxy::AddressBook changed{{"ns.test", {address("192.0.2.2"), address("192.0.2.3")}}};
    const auto second = publisher.make({changed}, start);
    CHECK(first.publication->table_serial == second.publication->table_serial);
    CHECK(first.publication->table == second.publication->table);
    CHECK(first.publication->route_slots == second.publication->route_slots);
    CHECK(second.publication->route_slots_to_clear.empty());
    CHECK(second.labels->routes.size() == 1);
    const auto& before = first.publication->pools->upstreams;
    const auto& after = second.publication->pools->upstreams;
    CHECK(after[0].serial == before[1].serial);
    CHECK(after[0].slot == before[1].slot);
    CHECK(after[0].health == before[1].health);
    CHECK(after[1].serial != before[0].serial);

    publisher.take_table(table({routing::file_of("a.prox", {"a.example"}, ns_test)}), start);
    CHECK(publisher.make({changed}, start).publication->table_serial != second.publication->table_serial);
}

TEST_CASE("names that lead to one address have one upstream, once in each pool", "[publisher]") {
    auto settings = std::make_shared<routing::RouteSettings>(*ns_test);
    settings->targets.push_back({"alias.test", {{}, 8053}});
    settings->targets.push_back({"", *net::Endpoint::parse("192.0.2.1:8053", 0)});
    Publisher publisher(nullptr, 10, 10);
    publisher.take_table(table({routing::file_of("a.prox", {"a.example"}, settings)}), start);
    const proxy::AddressBook book{{"ns.test", {address("192.0.2.1")}}, {"alias.test", {address("192.0.2.1")}}};
    CHECK(upstreams_text(*publisher.make({book}, start).publication->pools, 0) == "192.0.2.1:8053 ");
}

TEST_CASE("what leads to dproxy itself is left out and told", "[publisher]") {
    const auto literal = to({"192.0.2.7:8053", "192.0.2.8"});
    Publisher publisher(nullptr, 10, 10);
    publisher.take_table(table({routing::file_of("a.prox", {"a.example"}, literal),
                                routing::file_of("b.prox", {"b.example"}, ns_test)}),
                         start);
    const proxy::AddressBook book{{"ns.test", {address("192.0.2.7")}}};
    const proxy::KnownAddresses known{book, {{*net::Endpoint::parse("192.0.2.7:8053", 0)}, {}}};
    const auto made = publisher.make(known, start);
    CHECK(upstreams_text(*made.publication->pools, 0) == "192.0.2.8:53 ");
    CHECK(upstreams_text(*made.publication->pools, 1).empty());
    CHECK(made.publication->pools->pools[1].why_empty == telemetry::Rejection::loop);
    REQUIRE(made.left_out.size() == 2);
    CHECK(made.left_out[0].host.empty());
    CHECK(made.left_out[0].settings == literal);
    CHECK(made.left_out[1].host == "ns.test");
    CHECK(made.left_out[1].endpoint.to_string() == "192.0.2.7:8053");
}

TEST_CASE("a pool has as many upstreams as a choice takes", "[publisher]") {
    auto settings = std::make_shared<routing::RouteSettings>();
    proxy::AddressBook book;
    for (std::uint8_t host = 0; host < 10; ++host) {
        settings->targets.push_back({"n" + std::to_string(host) + ".test", {{}, 53}});
        auto& addresses = book[settings->targets.back().host];
        for (std::uint8_t i = 0; i < 64; ++i) addresses.push_back(net::Address::v4(10, 0, host, i));
    }
    Publisher publisher(nullptr, 10, 1000);
    publisher.take_table(table({routing::file_of("a.prox", {"a.example"}, settings)}), start);
    const auto made = publisher.make({book}, start).publication;
    CHECK(made->pools->pools[0].upstreams.size() == proxy::max_candidates);
    CHECK(made->pools->upstreams.size() == proxy::max_candidates);
}

namespace {

struct Filters final : io::PeerFilterSource {
    std::unique_ptr<io::PeerFilters> on_this_thread() const override { return nullptr; }
};

std::shared_ptr<const routing::RouteSettings> encrypted(const char* host, const char* name, const char* authorities) {
    auto settings = std::make_shared<routing::RouteSettings>();
    settings->targets.push_back({host, {{}, 853}});
    settings->protocol = routing::Protocol::tls;
    settings->tls.name = name;
    settings->tls.authorities = {"ca.pem", std::make_shared<const std::string>(authorities)};
    return settings;
}

}  // namespace

TEST_CASE("an encrypted upstream is one by its name and by what is believed of it", "[publisher]") {
    std::vector<std::string> made_for;
    Publisher publisher(to({"192.0.2.1:53"}), 10, 10, [&](const routing::UpstreamKey& upstream) {
        made_for.push_back(upstream.tls.name + ' ' + std::string(upstream.tls.authorities.view()));
        return std::make_shared<const Filters>();
    });
    const proxy::AddressBook hosts{{"a.test.", {*net::Address::parse("192.0.2.1"), *net::Address::parse("192.0.2.2")}},
                                   {"b.test", {*net::Address::parse("192.0.2.1")}}};
    const auto table_with = [](const char* authorities) {
        return table({routing::file_of("a.prox", {"a.example"}, encrypted("a.test.", "", "first")),
                      routing::file_of("b.prox", {"b.example"}, encrypted("b.test", "", "first")),
                      routing::file_of("c.prox", {"c.example"}, encrypted("b.test", "a.test", authorities))});
    };
    const auto first = make(publisher, table_with("first"), {hosts});
    const auto& upstreams = first.publication->pools->upstreams;
    REQUIRE(upstreams.size() == 4);
    CHECK(made_for == std::vector<std::string>{"a.test first", "a.test first", "b.test first"});
    CHECK(upstreams[0].filters != nullptr);
    CHECK(upstreams[3].filters == nullptr);  // the master upstream's
    const auto second = make(publisher, table_with("second"), {hosts});
    CHECK(made_for.size() == 4);
    CHECK(made_for.back() == "a.test second");
    CHECK(second.publication->pools->upstreams[0].filters == upstreams[0].filters);
    CHECK(second.publication->pools->upstreams[0].serial == upstreams[0].serial);
    CHECK(second.publication->pools->upstreams.size() == 5);
}
