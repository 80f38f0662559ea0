// SPDX-License-Identifier: MIT
// What it takes to call something a loop, and what somebody can do who sends back what he sees.
#include "loop_trial.hpp"

namespace dproxy::routing {

TEST_CASE("one probe that comes back condemns nothing", "[loop_search][third_party]") {
    Trial trial;
    trial.upstreams = 2;
    const bool appeared = GENERATE(true, false);
    if (appeared) {
        trial.search.expect(place_of("x.test", true), trial.now);
    } else {
        trial.search.suspect(place_of("x.test"), trial.now);
    }
    const auto id = *trial.search.next(trial.now);
    trial.search.asked(id, 2, trial.now);
    trial.search.returned(id, "192.0.2.1:53", trial.now);
    // The second one goes through the same upstream, and nobody sends it back: it is answered, or lost twice.
    trial.answers = GENERATE(true, false);
    trial.run(10 * second);
    CHECK(trial.asked_again.size() == (trial.answers ? 1 : LoopSearch::probes_until_silent));
    CHECK(trial.marked().empty());
    CHECK(trial.news() == AllNews{});
    CHECK_FALSE(trial.search.take_changed());
    if (!appeared) return;
    // What is asked later begins anew.
    trial.run(2 * LoopSearch::second_look_ns);
    CHECK(trial.asked.size() >= 1);
    CHECK(trial.asked_again.size() <= LoopSearch::probes_until_silent);
    CHECK(trial.marked().empty());
}

TEST_CASE("one of two upstreams that sends back is asked alone, and its word is enough", "[loop_search]") {
    Trial trial;
    trial.upstreams = 2;
    trial.sent_back = "x.test";
    trial.search.expect(place_of("x.test", true), trial.now);
    trial.work();
    CHECK(trial.asked_again == Texts{"x.test"});
    CHECK(trial.marked() == Texts{"x.test"});
}

TEST_CASE("a second probe that another upstream sends back begins again with that one", "[loop_search]") {
    Trial trial;
    trial.search.suspect(place_of("x.test"), trial.now);
    const auto id = *trial.search.next(trial.now);
    for (const char* upstream : {"192.0.2.1:53", "192.0.2.2:53", "192.0.2.1:53", "192.0.2.2:53"}) {
        trial.search.asked(id, 1, trial.now);
        trial.search.returned(id, upstream, trial.now);
        CHECK(trial.marked().empty());
        CHECK(trial.search.asked_through(id) == upstream);
    }
}

TEST_CASE("who holds one pattern of a section brings down that one only", "[loop_search][third_party]") {
    Trial trial;
    trial.sent_back = "attacker.test";
    for (const char* pattern : {"attacker.test", "healthy.test", "own.attacker.test", "test"}) {
        trial.search.expect(place_of(pattern, true), trial.now);
    }
    trial.run(20 * LoopSearch::recheck_ns);  // he answers each recheck
    const LoopMarks marks(trial.search.marks());
    const auto covered = [&](std::string_view name, std::string_view pattern) {
        return marks.cover(*settings, 1, name_of(name).wire(), name_of(pattern).wire().size());
    };
    CHECK(trial.marked() == Texts{"attacker.test", "own.attacker.test"});  // whose names are his as well
    CHECK(covered("www.attacker.test", "attacker.test"));
    CHECK_FALSE(covered("www.healthy.test", "healthy.test"));
    CHECK_FALSE(covered("www.test", "test"));
    CHECK_FALSE(covered("healthy.attacker.test", "healthy.attacker.test"));  // a pattern that was not asked about
}

TEST_CASE("marks that anybody can have any number of make room for others", "[loop_search][third_party]") {
    Trial trial;
    const auto name = [](std::size_t i) { return "n" + std::to_string(i) + ".attacker.test"; };
    trial.sent_back = "attacker.test";
    trial.only_below = true;
    for (std::size_t i = 0; i <= LoopSearch::max_marks; ++i) {
        trial.search.suspect(place_of(name(i)), trial.now);
        trial.work();
    }
    trial.run(second);
    CHECK(trial.search.marks().size() == LoopSearch::max_marks);
    CHECK(trial.search.left_out() == 0);
    trial.sent_back = "test";
    trial.search.expect(place_of("x.test", true), trial.now);
    trial.work();
    CHECK(trial.marked().back() == "x.test");
    CHECK(trial.search.marks().size() == LoopSearch::max_marks);
}

}  // namespace dproxy::routing
