// SPDX-License-Identifier: MIT
// Stories of the second query that goes out before the first is given up (`hedge`).
#include "attempt_story.hpp"

namespace dproxy::routing {

namespace {

void hedge_after(Story& story, int after_ms) {
    story.settings.hedge = Hedge::after;
    story.settings.hedge_after = std::chrono::milliseconds(after_ms);
}

}  // namespace

TEST_CASE("a hedge goes out when most replies would be there", "[attempts]") {
    Story story;
    SECTION("the usual time") { story.settings.hedge = Hedge::p95; }
    SECTION("a fixed time") { hedge_after(story, 100); }
    CHECK(story.begin() == "send 0, wait until 100");
    CHECK(story.at(100) == "send 1 as hedge avoiding 0, wait until 4000");
    CHECK_FALSE(story.attempts.is_overdue(0));
    CHECK(story.reply(0) == "close 0, deliver");
}

TEST_CASE("whichever comes first is delivered", "[attempts]") {
    Story story;
    hedge_after(story, 100);
    story.begin();
    story.at(100);
    CHECK(story.reply(1) == "close 1, deliver");
    CHECK(story.reply(0) == "nothing");
}

TEST_CASE("no hedge", "[attempts]") {
    Story story;
    SECTION("while little is known of the upstream") {
        story.settings.hedge = Hedge::p95;
        story.usual.quantile_ns = 0;
    }
    SECTION("later than the attempt's own time") { hedge_after(story, 500); }
    CHECK(story.begin() == "send 0, wait until 500");
    CHECK(story.at(500) == "overdue 0, send 1 as retry avoiding 0, wait until 4000");
}

TEST_CASE("with nothing left to send, there is no hedge", "[attempts]") {
    Story story;
    hedge_after(story, 100);
    story.settings.attempts = 1;
    CHECK(story.begin() == "send 0, wait until 4000");
}

TEST_CASE("without another upstream or a budget, the first attempt has the rest of its time", "[attempts]") {
    Story story;
    hedge_after(story, 100);
    story.choices = 1;
    story.begin();
    CHECK(story.at(100) == "nobody, wait until 500");
    story.choices = 100;
    CHECK(story.at(200) == "wait until 500");
    CHECK(story.at(500) == "overdue 0, send 1 as retry avoiding 0, wait until 4000");
}

TEST_CASE("a clock that is late for both makes no hedge of a retry", "[attempts]") {
    Story story;
    hedge_after(story, 100);
    story.begin();
    CHECK(story.at(99) == "wait until 100");
    CHECK(story.at(501) == "overdue 0, send 1 as retry avoiding 0, wait until 4000");
}

TEST_CASE("only the first attempt is hedged", "[attempts]") {
    Story story;
    hedge_after(story, 100);
    story.settings.attempts = 3;
    story.begin();
    CHECK(story.at(100) == "send 1 as hedge avoiding 0, wait until 600");
    CHECK(story.at(600) == "overdue 0, overdue 1, send 2 as retry avoiding 1, wait until 4000");
    CHECK(story.at(4000) == "overdue 2, fail");
}

TEST_CASE("an attempt that failed is not hedged", "[attempts]") {
    Story story;
    hedge_after(story, 100);
    story.settings.attempts = 3;
    story.begin();
    CHECK(story.fail(0) == "close 0, count a failure, send 1 as retry avoiding 0, wait until 500");
}

TEST_CASE("what is sent again by another connection is hedged from then on", "[attempts]") {
    Story story;
    hedge_after(story, 100);
    story.terms.came_by_stream = true;
    story.begin();
    story.now_ns += 50 * ms;
    CHECK(story.cut_off(0) == "send 0 uncounted by stream avoiding 0, wait until 150");
    CHECK(story.at(150) == "send 1 as hedge by stream avoiding 0, wait until 4000");
}

TEST_CASE("a hedge that could not be sent costs an attempt", "[attempts]") {
    Story story;
    hedge_after(story, 100);
    story.settings.attempts = 3;
    story.begin();
    story.unsent = Attempts::Failure::overload;
    CHECK(story.at(100) ==
          "send 1 as hedge avoiding 0, close 1, count a failure, "
          "send 2 as retry avoiding 1, wait until 4000");
    CHECK(story.reply(0) == "close 0, deliver");
}

TEST_CASE("the hedge says what fallback_on names, and the first is still waited for", "[attempts]") {
    Story story;
    hedge_after(story, 100);
    story.settings.fallback_on = fallback::servfail;
    story.terms.upstreams = 2;
    story.begin();
    story.at(100);
    CHECK(story.reply(1, servfail) == "close 1, keep, wait until 4000");
    SECTION("it says better") { CHECK(story.reply(0) == "close 0, deliver"); }
    SECTION("it says the same") { CHECK(story.reply(0, servfail) == "close 0, deliver what was kept"); }
    SECTION("it fails") { CHECK(story.fail(0) == "close 0, count a failure, deliver what was kept"); }
    SECTION("it is silent") { CHECK(story.at(4000) == "overdue 0, deliver what was kept"); }
}

TEST_CASE("both are asked when the first says what fallback_on names", "[attempts]") {
    Story story;
    hedge_after(story, 100);
    story.settings.attempts = 3;
    story.settings.fallback_on = fallback::servfail | fallback::refused;
    story.begin();
    story.at(100);
    CHECK(story.reply(0, refused) == "close 0, keep, send 2 as retry avoiding 1, wait until 4000");
    CHECK(story.reply(1, servfail) == "close 1, wait until 4000");
    CHECK(story.reply(2, servfail) == "close 2, deliver what was kept");
}

}  // namespace dproxy::routing
