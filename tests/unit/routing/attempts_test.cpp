// SPDX-License-Identifier: MIT
// Stories of time and of the network: when a query is sent again, and when it is over.
#include "attempt_story.hpp"

namespace dproxy::routing {

using Failure = Attempts::Failure;

TEST_CASE("one attempt, one reply", "[attempts]") {
    Story story;
    CHECK(story.begin() == "send 0, wait until 500");
    CHECK(story.reply(0) == "close 0, deliver");
    CHECK(story.attempts.has_ended());
    CHECK(story.attempts.count() == 1);
    CHECK_FALSE(story.attempts.is_open(0));
}

TEST_CASE("an attempt that runs out of time is followed by the next, and its late reply is good", "[attempts]") {
    Story story;
    story.begin();
    CHECK(story.at(500) == "overdue 0, send 1 as retry avoiding 0, wait until 4000");
    CHECK(story.attempts.is_overdue(0));
    CHECK(story.reply(0) == "close 0, deliver");
    CHECK(story.attempts.is_open(1));  // for whoever ends the query to give up
    CHECK(story.reply(1) == "nothing");
}

TEST_CASE("when the last attempt is overdue, all are waited for until the deadline", "[attempts]") {
    Story story;
    story.begin();
    story.at(500);
    CHECK(story.at(3999) == "wait until 4000");
    CHECK(story.at(4000) == "overdue 1, fail");
    CHECK(story.attempts.is_overdue(1));
}

TEST_CASE("each attempt that is left has its share of the time that is left", "[attempts]") {
    Story story;
    story.settings.attempts = 4;
    story.usual.attempt_ns = 60'000 * ms;
    CHECK(story.begin() == "send 0, wait until 1000");
    CHECK(story.at(1600) == "overdue 0, send 1 as retry avoiding 0, wait until 2400");
    CHECK(story.at(2400) == "overdue 1, send 2 as retry avoiding 1, wait until 3200");
    CHECK(story.at(3200) == "overdue 2, send 3 as retry avoiding 2, wait until 4000");
    CHECK(story.at(4000) == "overdue 3, fail");
}

TEST_CASE("the deadline ends it though attempts are left", "[attempts]") {
    Story story;
    story.settings.attempts = 5;
    story.begin();
    SECTION("a late clock") { CHECK(story.at(4004) == "overdue 0, fail"); }
    SECTION("sent after it") {
        story.now_ns = story.terms.deadline_ns + ms;
        CHECK(story.fail(0) ==
              "close 0, count a failure, send 1 as retry avoiding 0, wait until 4001");
        CHECK(story.at(4001) == "overdue 1, fail by network");
    }
}

TEST_CASE("what the network refuses is sent on at once, and ends it when nothing is left", "[attempts]") {
    Story story;
    story.begin();
    CHECK(story.fail(0) == "close 0, count a failure, send 1 as retry avoiding 0, wait until 4000");
    CHECK(story.fail(1) == "close 1, count a failure, fail by network");
}

TEST_CASE("while an older attempt is open, a failed one is only waited out", "[attempts]") {
    Story story;
    story.begin();
    story.at(500);
    CHECK(story.fail(1) == "close 1, count a failure, wait until 4000");
    SECTION("it brings the reply") { CHECK(story.reply(0) == "close 0, deliver"); }
    SECTION("it fails as well") {
        CHECK(story.fail(0, false, Failure::overload) == "close 0, count a failure, fail by network");
    }
    SECTION("it is silent") { CHECK(story.at(4000) == "fail by network"); }
}

TEST_CASE("a failure of our own is no network error", "[attempts]") {
    Story story;
    story.begin();
    CHECK(story.fail(0, false, Failure::overload) ==
          "close 0, count a failure, send 1 as retry avoiding 0, wait until 4000");
    CHECK(story.fail(1, false, Failure::overload) == "close 1, count a failure, fail");
}

TEST_CASE("what cannot be sent goes to the next at once", "[attempts]") {
    Story story;
    story.unsent = Failure::overload;
    CHECK(story.begin() ==
          "send 0, close 0, count a failure, send 1 as retry avoiding 0, wait until 4000");
    CHECK(story.reply(1) == "close 1, deliver");
}

TEST_CASE("what can never be sent fails without a wait", "[attempts]") {
    Story story;
    story.settings.attempts = 1;
    story.unsent = Failure::network;
    CHECK(story.begin() == "send 0, close 0, count a failure, fail by network");
}

TEST_CASE("nobody to ask is the end, unless something is open", "[attempts]") {
    Story story;
    SECTION("from the beginning") {
        story.choices = 0;
        CHECK(story.begin() == "nobody, fail");
        CHECK(story.attempts.count() == 0);
    }
    SECTION("after a failure") {
        story.choices = 1;
        story.begin();
        CHECK(story.fail(0) == "close 0, count a failure, nobody, fail by network");
    }
    SECTION("while one is waited for") {
        story.settings.attempts = 3;
        story.choices = 1;
        story.begin();
        CHECK(story.at(500) == "overdue 0, nobody, wait until 4000");
        CHECK(story.doubt(0) == "count a failure");  // and nobody is looked for any more
        CHECK(story.reply(0) == "close 0, deliver");
    }
}

TEST_CASE("no other opcode than QUERY is sent twice", "[attempts]") {
    Story story;
    story.terms.opcode = GENERATE(values<std::uint8_t>({1, 4, opcode_update, 9}));
    story.settings.attempts = 5;
    story.settings.hedge = Hedge::p95;
    story.settings.fallback_on = fallback::servfail;
    CHECK(story.begin() == "send 0, wait until 4000");
    SECTION("nor to whoever is asked instead") { CHECK(story.reply(0, servfail) == "close 0, deliver"); }
    SECTION("nor after the connection's end") {
        CHECK(story.cut_off(0) == "close 0, count a failure, fail by network");
    }
    SECTION("nor because somebody guesses") { CHECK(story.guess(0) == "nothing"); }
    SECTION("nor because of a hint") { CHECK(story.doubt(0) == "count a failure"); }
    SECTION("nor when time is over") { CHECK(story.at(4000) == "overdue 0, fail"); }
    SECTION("nor where the link fails") { CHECK(story.fail(0) == "close 0, count a failure, fail by network"); }
    // What waited has not left yet.
    SECTION("but once") { CHECK(story.stream_free(0) == "send 0 uncounted, wait until 4000"); }
}

TEST_CASE("a hint is a reason to ask another and none to stop waiting", "[attempts]") {
    Story story;
    story.begin();
    CHECK(story.doubt(0) == "count a failure, send 1 as retry avoiding 0, wait until 4000");
    CHECK(story.doubt(0) == "nothing");
    CHECK(story.doubt(1) == "count a failure");
    SECTION("the reply comes after all") { CHECK(story.reply(0) == "close 0, deliver"); }
    SECTION("it was right") { CHECK(story.at(4000) == "overdue 0, overdue 1, fail by network"); }
}

TEST_CASE("a hint about an older attempt sends nothing", "[attempts]") {
    Story story;
    story.settings.attempts = 3;
    story.begin();
    story.at(500);
    CHECK(story.doubt(0) == "count a failure");
    CHECK(story.doubt(1) == "count a failure, send 2 as retry avoiding 1, wait until 4000");
}

TEST_CASE("what lay on a connection that ended is sent again, uncounted", "[attempts]") {
    Story story;
    story.terms.came_by_stream = true;
    CHECK(story.begin() == "send 0 by stream, wait until 500");
    story.now_ns += 100 * ms;
    CHECK(story.cut_off(0) == "send 0 uncounted by stream avoiding 0, wait until 600");
    CHECK(story.attempts.count() == 1);
    CHECK(story.at(600) == "overdue 0, send 1 as retry by stream avoiding 0, wait until 4000");
    CHECK(story.cut_off(0) == "send 0 uncounted by stream avoiding 0, wait until 4000");
    CHECK(story.reply(0, noerror, true) == "close 0, deliver");
}

TEST_CASE("what the upstream did not look at is sent again, whatever it is, but not for ever", "[attempts]") {
    Story story;
    story.terms.opcode = opcode_update;
    story.settings.protocol = Protocol::https;
    CHECK(story.begin() == "send 0 by stream, wait until 4000");
    for (unsigned time = 0; time < max_unheard; ++time) {
        CHECK(story.unheard(0) == "send 0 uncounted by stream avoiding 0, wait until 4000");
    }
    CHECK(story.unheard(0) == "close 0, count a failure, fail by network");
    CHECK(story.unheard(0) == "nothing");
}

TEST_CASE("what waits for a stream is sent when one is free", "[attempts]") {
    Story story;
    story.settings.protocol = Protocol::tcp;
    CHECK(story.begin() == "send 0 by stream, wait until 500");
    story.now_ns += 100 * ms;
    CHECK(story.stream_free(0) == "send 0 uncounted by stream, wait until 600");
    CHECK(story.reply(0, noerror, true) == "close 0, deliver");
    CHECK(story.stream_free(0) == "nothing");
}

TEST_CASE("what somebody guesses at moves to a stream, and back where nobody listens there", "[attempts]") {
    Story story;
    story.begin();
    story.now_ns += 100 * ms;
    CHECK(story.guess(0) == "send 0 uncounted by stream, wait until 600");
    SECTION("nobody listens") {
        CHECK(story.fail(0, true) == "send 0 uncounted, wait until 600");
        CHECK(story.fail(0) == "close 0, count a failure, send 1 as retry avoiding 0, wait until 4000");
    }
    SECTION("there is no room") {
        story.unsent = Failure::overload;
        CHECK(story.cut_off(0) ==
              "send 0 uncounted by stream avoiding 0, close 0, count a failure, "
              "send 1 as retry avoiding 0, wait until 4000");
    }
    SECTION("an older socket fails meanwhile") {
        story.at(600);
        CHECK(story.fail(1) == "close 1, count a failure, wait until 4000");
    }
}

TEST_CASE("without memory it is as if the upstream were silent", "[attempts]") {
    Story story;
    story.attempts = Attempts(story.terms);
    AttemptOrder order = story.attempts.begin();
    SECTION("to choose") {
        CHECK(story.carry_out(story.attempts.sent({}, story.now_ns)) == "wait until 1333");
        CHECK(story.at(1334) == "send 0, wait until 1834");
    }
    SECTION("to choose, up to the end") {
        story.attempts.sent({}, story.now_ns);
        CHECK(story.at(4000) == "fail");
    }
    SECTION("to send") {
        order = story.attempts.chosen();
        CHECK(story.carry_out(story.attempts.sent(story.usual, story.now_ns)) == "wait until 500");
        CHECK(story.at(500) == "overdue 0, send 1 as retry avoiding 0, wait until 4000");
    }
    SECTION("to keep a reply") {
        story.settings.fallback_on = fallback::servfail;
        story.begin();
        CHECK(story.attempts.replied(0, servfail, false).act == AttemptOrder::Act::keep);
        CHECK(story.at(500) == "send 1 as retry avoiding 0, wait until 4000");
        CHECK(story.reply(1, servfail) == "close 1, deliver");
    }
}

TEST_CASE("an answer that there is no memory for is owed until it is given", "[attempts]") {
    Story story;
    story.begin();
    story.answers_are_taken = false;
    SECTION("a failure comes again") {
        CHECK(story.at(4000) == "overdue 0, fail");
        CHECK(story.at(4004) == "fail");
    }
    SECTION("a reply is lost, and another upstream is asked") {
        CHECK(story.reply(0) == "close 0, deliver");
        CHECK(story.at(500) == "send 1 as retry avoiding 0, wait until 4000");
    }
    SECTION("a reply to the last attempt is lost") {
        story.at(500);
        CHECK(story.reply(0) == "close 0, deliver");
        CHECK(story.reply(1) == "close 1, deliver");
        CHECK(story.at(504) == "fail");
    }
    const AttemptNumber made = story.attempts.count();
    story.answers_are_taken = true;
    CHECK(story.at(4008) == (made == 2 && story.attempts.is_open(1) ? "overdue 1, fail" : "fail"));
    CHECK(story.at(4012) == "nothing");
}

TEST_CASE("nothing is ordered after an end from outside", "[attempts]") {
    Story story;
    story.begin();
    story.attempts.end();
    CHECK(story.at(500) == "nothing");
    CHECK(story.reply(0) == "nothing");
    CHECK(story.attempts.is_open(0));
}

TEST_CASE("a reply that was cut is asked for once more over a stream, and where that fails it is what there is",
          "[attempts]") {
    Story story;
    story.begin();
    CHECK(story.reply_cut(0) == "send 0 as retry by stream, wait until 500");
    SECTION("the stream brings all of it") { CHECK(story.reply(0, noerror, true) == "close 0, deliver"); }
    SECTION("nobody listens there") {
        CHECK(story.fail(0, true) == "send 0 uncounted, wait until 500");
        CHECK(story.reply_cut(0) == "nothing");
        CHECK(story.reply(0) == "close 0, deliver");
    }
    SECTION("the next upstream is asked over a stream as well") {
        CHECK(story.at(500) == "overdue 0, send 1 as retry by stream avoiding 0, wait until 4000");
    }
}

}  // namespace dproxy::routing
