// SPDX-License-Identifier: MIT
#include "loop_trial.hpp"

namespace dproxy::routing {

TEST_CASE("a suspicion whose probe comes back is marked, and the widest domain that does is found", "[loop_search]") {
    Trial trial;
    trial.sent_back = "corp.example";
    trial.search.suspect(place_of("x.b.corp.example"), trial.now);
    trial.work();
    CHECK(trial.search.take_changed());
    CHECK(trial.asked == Texts{"x.b.corp.example", "b.corp.example", "corp.example", "example"});
    CHECK(trial.marked() == Texts{"corp.example"});  // at once
    CHECK(trial.news() == AllNews{});                // it may be wider still
    trial.run(LoopSearch::grace_ns);
    CHECK(trial.news() == AllNews{What::found});
    CHECK(trial.search.marks()[0].upstream == "192.0.2.1:53");
}

TEST_CASE("a server that sends everything back is marked at the root", "[loop_search]") {
    Trial trial;
    trial.sent_back = ".";
    trial.search.suspect(place_of("b.corp.example"), trial.now);
    trial.work();
    CHECK(trial.marked() == Texts{"."});
    CHECK(trial.news() == AllNews{What::found});
}

TEST_CASE("a suspicion whose probe does not come back marks nothing, and is let alone for a while", "[loop_search]") {
    Trial trial;
    trial.answers = GENERATE(true, false);
    trial.search.suspect(place_of("popular.example"), trial.now);
    trial.run(5 * second);
    CHECK(trial.asked.size() == (trial.answers ? 1 : LoopSearch::probes_until_silent));
    trial.search.suspect(place_of("POPULAR.example"), trial.now);
    trial.run(5 * second);
    CHECK(trial.asked.size() == (trial.answers ? 1 : LoopSearch::probes_until_silent));
    CHECK(trial.search.idle());
    CHECK_FALSE(trial.search.take_changed());
    trial.now += LoopSearch::cleared_ns;
    trial.search.suspect(place_of("popular.example"), trial.now);
    CHECK_FALSE(trial.search.idle());
}

TEST_CASE("a query that comes back just after the reply, or from one upstream of several, counts", "[loop_search]") {
    Trial trial;
    trial.search.suspect(place_of("example"), trial.now);
    const auto id = *trial.search.next(trial.now);
    trial.search.asked(id, 2, trial.now);
    trial.search.answered(id, trial.now + ms);
    trial.search.answered(id, trial.now + ms);
    CHECK_FALSE(trial.search.next(trial.now + LoopSearch::grace_ns));
    trial.now += LoopSearch::grace_ns;
    trial.search.returned(id, "192.0.2.1:53", trial.now);
    trial.search.returned(id, "192.0.2.2:53", trial.now);  // is over
    CHECK(trial.marked().empty());
    trial.sent_back = "example";
    trial.work();
    CHECK(trial.asked_again == Texts{"example"});
    CHECK(trial.marked() == Texts{"example"});
    CHECK(trial.search.marks()[0].upstream == "192.0.2.1:53");
}

TEST_CASE("what comes back when its time is over does not count", "[loop_search]") {
    Trial trial;
    trial.search.suspect(place_of("example"), trial.now);
    const auto id = *trial.search.next(trial.now);
    trial.search.asked(id, 1, trial.now);
    trial.search.answered(id, trial.now);
    CHECK_FALSE(trial.search.next(trial.now + LoopSearch::grace_ns + ms));
    trial.search.returned(id, "192.0.2.1:53", trial.now + LoopSearch::grace_ns + ms);
    CHECK(trial.marked().empty());
}

TEST_CASE("a route that appears is asked twice; its pattern is the widest that is marked", "[loop_search]") {
    Trial good;
    good.search.expect(place_of("x.test", true), good.now);
    good.run(LoopSearch::second_look_ns - second);
    CHECK(good.asked.size() == 1);
    good.run(3600 * second);
    CHECK(good.asked.size() == 2);
    CHECK(good.search.idle());

    Trial bad;
    bad.sent_back = "test";
    bad.search.expect(place_of("x.test", true), bad.now);
    bad.run(second);
    CHECK(bad.asked == Texts{"x.test"});  // the whole pattern: what is above it is not its own
    CHECK(bad.asked_again == Texts{"x.test"});
    CHECK(bad.news() == AllNews{What::found});
    CHECK(bad.search.marks()[0].place.is_whole_pattern());
}

TEST_CASE("a route that appears beside a silent upstream is asked later and later", "[loop_search]") {
    Trial trial;
    trial.answers = false;
    trial.search.expect(place_of("x.test", true), trial.now);
    trial.run(3600 * second);
    const std::size_t first_hour = trial.asked.size();
    CHECK(first_hour < 20);
    trial.run(3600 * second);
    CHECK(trial.asked.size() - first_hour == 4 * LoopSearch::probes_until_silent);
    trial.sent_back = "test";
    trial.run(LoopSearch::longest_gap_ns + 5 * second);
    CHECK(trial.marked() == Texts{"x.test"});
}

TEST_CASE("routes that appear together are asked one after the other", "[loop_search]") {
    Trial trial;
    for (int i = 0; i < 1000; ++i) trial.search.expect(place_of("n" + std::to_string(i) + ".test", true), trial.now);
    trial.run(0);
    CHECK(trial.asked.size() == 1);
    trial.run(second);
    CHECK(trial.asked.size() == 1 + second / LoopSearch::spread_ns);
    // Somebody who is in a hurry does not wait for them.
    trial.search.suspect(place_of("b.corp.example"), trial.now);
    trial.work();
    CHECK(trial.asked.back() == "b.corp.example");
}

TEST_CASE("a mark ends when its probe comes back no more, and stays while it does", "[loop_search]") {
    Trial trial;
    trial.sent_back = "corp.example";
    trial.search.suspect(place_of("b.corp.example"), trial.now);
    trial.run(100 * LoopSearch::recheck_ns);
    CHECK(trial.marked() == Texts{"corp.example"});
    CHECK(trial.news() == AllNews{What::found});
    trial.sent_back = "none.at.all";
    trial.answers = GENERATE(true, false);
    trial.search.take_changed();
    trial.run(LoopSearch::recheck_ns + 3 * LoopSearch::patience_ns);
    CHECK(trial.marked().empty());
    CHECK(trial.news() == AllNews{What::ended});
    CHECK(trial.search.take_changed());
    CHECK(trial.search.idle());
}

TEST_CASE("one lost probe ends no mark", "[loop_search]") {
    Trial trial;
    trial.sent_back = "test";
    trial.search.expect(place_of("x.test", true), trial.now);
    trial.run(second);
    trial.now += LoopSearch::recheck_ns;
    const auto id = *trial.search.next(trial.now);
    trial.search.asked(id, 1, trial.now);  // and nothing comes
    trial.run(3 * LoopSearch::patience_ns);
    CHECK(trial.marked() == Texts{"x.test"});
}

TEST_CASE("what is marked is suspected no more, and a wider mark takes the place of narrower ones", "[loop_search]") {
    Trial trial;
    trial.sent_back = "b.corp.example";
    trial.search.suspect(place_of("b.corp.example"), trial.now);
    trial.run(second);
    CHECK(trial.marked() == Texts{"b.corp.example"});
    const std::size_t asked = trial.asked.size();
    trial.search.suspect(place_of("x.B.corp.example"), trial.now);
    trial.run(second);
    CHECK(trial.asked.size() == asked);

    trial.sent_back = "corp.example";
    trial.search.suspect(place_of("c.corp.example"), trial.now);
    trial.search.suspect(place_of("d.corp.example"), trial.now);
    trial.search.suspect(place_of("e.corp.example", false, 2), trial.now);  // another route
    trial.run(second);
    CHECK(trial.marked() == Texts{"corp.example", "corp.example"});
    CHECK(trial.news() == AllNews{What::found, What::widened, What::found, What::found});
}

TEST_CASE("marks and checks end with their route", "[loop_search]") {
    Trial trial;
    trial.sent_back = "corp.example";
    trial.search.suspect(place_of("corp.example"), trial.now);
    trial.run(second);
    trial.search.expect(place_of("x.test", true, 2), trial.now);
    trial.search.retain([](const LoopPlace& place) { return place.route_key == 2; });
    CHECK(trial.marked().empty());
    CHECK(trial.news() == AllNews{What::found, What::route_gone});
    trial.search.retain([](const LoopPlace&) { return false; });
    CHECK(trial.search.idle());
    CHECK_FALSE(trial.search.next_ns());
}

TEST_CASE("a route without an upstream that can be asked is no loop", "[loop_search]") {
    Trial trial;
    trial.upstreams = 0;
    trial.search.suspect(place_of("example"), trial.now);
    trial.work();
    CHECK(trial.search.idle());

    // It may have one later, as where host names are not resolved yet.
    trial.search.expect(place_of("x.test", true), trial.now);
    trial.run(200 * second);
    trial.upstreams = 1;
    trial.sent_back = "test";
    trial.run(LoopSearch::longest_gap_ns);
    CHECK(trial.marked() == Texts{"x.test"});
}

TEST_CASE("what is beyond the limits is left out and counted", "[loop_search]") {
    Trial trial;
    const auto name = [](std::size_t i) { return "n" + std::to_string(i) + ".test"; };
    for (std::size_t i = 0; i <= LoopSearch::max_suspicions; ++i) trial.search.suspect(place_of(name(i)), trial.now);
    CHECK(trial.search.left_out() == 1);
    trial.run(second);
    CHECK(trial.asked.size() == LoopSearch::max_suspicions);

    for (std::size_t i = 0; i < LoopSearch::max_expected; ++i) {
        REQUIRE(trial.search.expect(place_of(name(i), true, i), trial.now));
    }
    CHECK_FALSE(trial.search.expect(place_of("one.more", true), trial.now));
    CHECK(trial.search.left_out() == 1);  // whoever expects is told, and counts by itself
    trial.sent_back = "test";
    trial.run(LoopSearch::max_expected * LoopSearch::spread_ns);
    CHECK(trial.marked().size() == LoopSearch::max_marks);
    CHECK(trial.search.left_out() > 1);
}

TEST_CASE("a loop that is found from below is marked up to the pattern and no further", "[loop_search]") {
    Trial trial;
    trial.sent_back = "test";
    LoopPlace place = place_of("a.b.x.test");
    place.pattern_length = name_of("x.test").wire().size();
    trial.search.suspect(place, trial.now);
    trial.work();
    CHECK(trial.asked == Texts{"a.b.x.test", "b.x.test", "x.test"});
    CHECK(trial.asked_again == trial.asked);
    CHECK(trial.marked() == Texts{"x.test"});
    CHECK(trial.search.marks()[0].place.is_whole_pattern());
}

TEST_CASE("many marks are rechecked at a bounded rate", "[loop_search]") {
    Trial trial;
    trial.sent_back = "test";
    for (std::size_t i = 0; i < LoopSearch::max_marks; ++i) {
        trial.search.expect(place_of("n" + std::to_string(i) + ".test", true), trial.now);
    }
    trial.run(120 * second);
    CHECK(trial.marked().size() == LoopSearch::max_marks);
    trial.asked.clear();
    trial.run(100 * second);
    CHECK(trial.asked.size() <= 110 * second / LoopSearch::recheck_spread_ns);
    CHECK(trial.marked().size() == LoopSearch::max_marks);
}

TEST_CASE("where a suspicion is right, other patterns of the section are asked once more", "[loop_search]") {
    Trial trial;
    trial.sent_back = "w.test";
    trial.search.expect(place_of("w.test", true), trial.now);
    trial.run(second);
    CHECK(trial.marked() == Texts{"w.test"});
    CHECK(trial.search.take_confirmed().empty());  // it appeared with the others, which are asked as well
    trial.sent_back = "x.test";
    trial.search.suspect(place_of("x.test", true), trial.now);
    trial.run(LoopSearch::grace_ns);
    const auto confirmed = trial.search.take_confirmed();
    REQUIRE(confirmed.size() == 1);
    CHECK(confirmed[0].domain.to_text() == "x.test");
    CHECK(trial.search.take_confirmed().empty());

    trial.asked.clear();
    const auto ask_others = [&] {
        trial.search.expect_others({place_of("x.test", true), place_of("y.test", true)}, trial.now);
        trial.run(second);
    };
    ask_others();
    CHECK(trial.asked == Texts{"y.test"});  // the other one is marked
    ask_others();
    CHECK(trial.asked == Texts{"y.test"});  // and this one waits for its second look
}

TEST_CASE("what has no room waits", "[loop_search]") {
    Trial trial;
    trial.search.suspect(place_of("example"), trial.now);
    const auto id = *trial.search.next(trial.now);
    trial.search.postpone(id, trial.now + ms);
    CHECK_FALSE(trial.search.next(trial.now));
    CHECK(trial.search.next(trial.now + ms) == id);
}

}  // namespace dproxy::routing
