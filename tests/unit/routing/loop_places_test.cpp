// SPDX-License-Identifier: MIT
#include "routing/loop_places.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "catch.hpp"
#include "table_of_patterns.hpp"

namespace dproxy::routing {

namespace {

/// `route@domain`, with a `!` where that is the whole pattern.
std::vector<std::string> texts(const LoopPlaces::Chosen& chosen) {
    std::vector<std::string> all;
    for (const LoopPlace& place : chosen.places) {
        all.push_back(place.route + "@" + place.domain.to_text() + (place.is_whole_pattern() ? "!" : ""));
    }
    return all;
}

const auto master = std::make_shared<const RouteSettings>();
const std::shared_ptr<const RouteSettings> no_master;
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("each pattern of a route is a place, the master upstream's is the root", "[loop_places]") {
    LoopPlaces places;
    const auto chosen = places.choose(*table_of({"*", "*.x.test *.y.test"}), master);
    const Texts expected{"(master)@.!", "*@.!", "*.x.test *.y.test@x.test!", "*.x.test *.y.test@y.test!",
                         "*@x.test", "*@test", "*@y.test"};
    CHECK(texts(chosen) == expected);
    CHECK(chosen.left_out == 0);
    CHECK(chosen.places[2].file == "test.prox");
    CHECK(chosen.places[2].line == 11);
    CHECK(chosen.places[0].settings == master);
}

TEST_CASE("what lies at, below and beside a route without being its own is a place of where it goes", "[loop_places]") {
    CHECK(texts(LoopPlaces().choose(*table_of({"a.corp.example"}), master)) ==
          Texts{"(master)@.!", "a.corp.example@a.corp.example!", "(master)@a.corp.example", "(master)@corp.example"});
    CHECK(texts(LoopPlaces().choose(*table_of({".corp.example"}), master)) ==
          Texts{"(master)@.!", ".corp.example@corp.example!", "(master)@example"});
    // Without a route there is a refusal, and no loop.
    CHECK(texts(LoopPlaces().choose(*table_of({"a.corp.example"}), no_master)) ==
          Texts{"a.corp.example@a.corp.example!"});
}

TEST_CASE("what answers by itself leads nowhere", "[loop_places]") {
    RouteSettings settings;
    settings.answer = LocalAnswer::refused;
    const auto local = std::make_shared<const RouteSettings>(settings);
    const auto built = RouteTable::build({file_of("test.prox", {"*"}, local), file_of("up.prox", {"a.x.test"})});
    CHECK(texts(LoopPlaces().choose(*built.table, no_master)) == Texts{"a.x.test@a.x.test!"});
}

TEST_CASE("only what is new against the last table is a place", "[loop_places]") {
    LoopPlaces places;
    const auto settings = std::make_shared<const RouteSettings>();
    const auto table = [&](std::vector<std::string> sections) {
        return RouteTable::build({file_of("test.prox", sections, settings)}).table;
    };
    places.choose(*table({"a.test"}), master);
    CHECK(texts(places.choose(*table({"a.test"}), master)).empty());
    CHECK(texts(places.choose(*table({"a.test", "b.test"}), master)) ==
          Texts{"b.test@b.test!", "(master)@b.test", "(master)@test"});
    CHECK(texts(places.choose(*table({"a.test"}), master)).empty());
    // With other settings it is another route.
    CHECK(texts(places.choose(*table_of({"a.test"}), no_master)) == Texts{"a.test@a.test!"});
}

TEST_CASE("of too many new patterns the widest are chosen, and the rest is counted", "[loop_places]") {
    std::vector<std::string> sections;
    for (std::size_t i = 0; i < 3 * LoopPlaces::max_new_patterns; ++i) {
        sections.push_back("n" + std::to_string(i) + ".deep.test");
    }
    sections.push_back("*.wide.test");
    sections.push_back("*");
    const auto chosen = LoopPlaces().choose(*table_of(sections), no_master);
    CHECK(chosen.left_out == 2 * LoopPlaces::max_new_patterns + 2);
    CHECK(texts(chosen)[0] == "*@.!");
    CHECK(texts(chosen)[1] == "*.wide.test@wide.test!");
    const auto own = std::count_if(chosen.places.begin(), chosen.places.end(),
                                   [](const LoopPlace& place) { return place.is_whole_pattern(); });
    CHECK(own == static_cast<std::ptrdiff_t>(LoopPlaces::max_new_patterns));
}

TEST_CASE("the other patterns of a section are places of their own", "[loop_places]") {
    const auto table = table_of({"*.x.test y.test .z.test", "*.w.test"});
    const auto chosen = LoopPlaces().choose(*table, no_master);
    const auto found = std::find_if(chosen.places.begin(), chosen.places.end(), [](const LoopPlace& place) {
        return place.is_whole_pattern() && place.domain.to_text() == "x.test";
    });
    REQUIRE(found != chosen.places.end());
    const std::string section = "*.x.test y.test .z.test";
    CHECK(texts({LoopPlaces::others_of(*found, *table), 0}) == Texts{section + "@y.test!", section + "@z.test!"});
    LoopPlace gone = *found;
    gone.settings = std::make_shared<const RouteSettings>();
    CHECK(LoopPlaces::others_of(gone, *table).empty());
}

}  // namespace dproxy::routing
