// SPDX-License-Identifier: MIT
#include "relay/loops.hpp"

#include <vector>

#include "catch.hpp"
#include "relay/limits.hpp"
#include "support/packets.hpp"
#include "unit/routing/table_of_patterns.hpp"

namespace dproxy::proxy {

namespace {

constexpr std::uint64_t now_ns = 1000 * second_ns;

/// A route for `.a.test` and one for `.b.test`, beside a master upstream.
struct Trial final : LoopReports {
    const routing::LoopToken token{{1, 2, 3}};
    Loops loops{token, *this};
    const std::shared_ptr<const routing::RouteSettings> settings = std::make_shared<const routing::RouteSettings>();
    const std::shared_ptr<const routing::RouteTable> table =
        routing::RouteTable::build({routing::file_of("a.prox", {".a.test", ".b.test"}, settings)}).table;
    std::vector<routing::LoopPlace> suspected;
    std::vector<std::uint64_t> returned;
    dns::Name asked;

    /// Where a name goes. Good until the next.
    RoutedName routed(std::string_view name) {
        asked = routing::name_of(name);
        const auto route = table->find(asked.wire());
        const auto masters = static_cast<routing::RouteIndex>(table->route_count());
        return {*table, route == routing::no_route ? masters : route, settings, asked.wire()};
    }
    void mark(std::string_view domain, std::size_t pattern_length) {
        const RoutedName to = routed(domain);
        routing::LoopMark mark;
        mark.place.settings = settings;
        mark.place.route_key = to.route_key();
        mark.place.domain = asked;
        mark.place.pattern_length = pattern_length;
        loops.adopt(std::make_shared<const routing::LoopMarks>(std::vector{mark}));
    }
    /// Looks at as many queries for the name as are suspicious.
    void look(std::string_view name) {
        InFlightTable queries(same_questions);
        QueryIndex last = no_query;
        for (std::uint32_t i = 0; i < same_questions; ++i) {
            const auto message = test::Packet::query(name, test::qtype::a).bytes();
            last = queries.take(message);
            queries[last].query = dns::read_query(message);
        }
        loops.look(queries, last, routed(name), 10'000, now_ns);
    }

    void loop_probe_returned(std::uint64_t number, const net::Address&) override { returned.push_back(number); }
    void loop_suspected(routing::LoopPlace place) override { suspected.push_back(std::move(place)); }
    void replies_guessed(const net::Endpoint&) override { FAIL("nobody guesses"); }
    void encryption_failed(std::uint64_t, std::string) override { FAIL("nothing is encrypted"); }
};

}  // namespace

TEST_CASE("nothing is a loop before one is known, nor when none is left", "[loops]") {
    Trial trial;
    CHECK_FALSE(trial.loops.cover(trial.routed("x.a.test")));
    trial.loops.adopt(std::make_shared<const routing::LoopMarks>());
    CHECK_FALSE(trial.loops.cover(trial.routed("x.a.test")));
}

TEST_CASE("a mark covers the names of its route's pattern, and no others", "[loops]") {
    Trial trial;
    trial.mark("a.test", routing::name_of("a.test").wire().size());
    CHECK(trial.loops.cover(trial.routed("x.A.test")));
    CHECK_FALSE(trial.loops.cover(trial.routed("x.b.test")));
    CHECK_FALSE(trial.loops.cover(trial.routed("elsewhere.test")));
}

TEST_CASE("the master upstream has loops of its own", "[loops]") {
    Trial trial;
    trial.mark("elsewhere.test", 1);
    CHECK(trial.loops.cover(trial.routed("x.elsewhere.test")));
    CHECK_FALSE(trial.loops.cover(trial.routed("x.a.test")));
}

TEST_CASE("a suspicion says where: route, file, line, name", "[loops]") {
    Trial trial;
    trial.look("x.b.test");
    REQUIRE(trial.suspected.size() == 1);
    const routing::LoopPlace& place = trial.suspected[0];
    CHECK(place.route == ".b.test");
    CHECK(place.file == "a.prox");
    CHECK(place.line == 11);
    CHECK(place.settings == trial.settings);
    CHECK(place.domain.to_text() == "x.b.test");
    CHECK(place.pattern_length == routing::name_of("b.test").wire().size());
    CHECK_FALSE(trial.loops.is_look_due(suspicion_inflight, 10'000, now_ns));
}

TEST_CASE("a suspicion of the master upstream has no file", "[loops]") {
    Trial trial;
    trial.look("x.elsewhere.test");
    REQUIRE(trial.suspected.size() == 1);
    CHECK(trial.suspected[0].file.empty());
    CHECK(trial.suspected[0].pattern_length == 1);
}

TEST_CASE("a probe that comes back is told of", "[loops]") {
    Trial trial;
    const auto number = routing::LoopToken::number_of_probe(now_ns, 7);
    const dns::Name name = trial.token.probe_name(number, routing::name_of("a.test").wire());
    const auto peer = *net::Address::parse("192.0.2.1");
    CHECK_FALSE(trial.loops.is_returned_probe(routing::name_of("a.test").wire(), peer, now_ns));
    CHECK(trial.returned.empty());
    CHECK(trial.loops.is_returned_probe(name.wire(), peer, now_ns));
    CHECK(trial.returned == std::vector{number});
}

}  // namespace dproxy::proxy
