// SPDX-License-Identifier: MIT
// Stories of what a reply means: an answer, a reason to ask another, or a word about how it was asked.
#include "attempt_story.hpp"

namespace dproxy::routing {

TEST_CASE("a reply of any rcode is an answer where fallback_on does not name it", "[attempts]") {
    Story story;
    story.settings.fallback_on = fallback::refused;
    story.begin();
    const std::uint16_t rcode = GENERATE(values<std::uint16_t>(
        {noerror, formerr, servfail, nxdomain, notimp, dns::rcode_badvers, refused + 16}));
    CHECK(story.reply(0, rcode) == "close 0, deliver");
}

TEST_CASE("what fallback_on names moves on to another upstream", "[attempts]") {
    Story story;
    story.settings.fallback_on = fallback::servfail | fallback::nxdomain;
    story.begin();
    CHECK(story.reply(0, servfail) == "close 0, keep, send 1 as retry avoiding 0, wait until 4000");
    SECTION("which knows better") { CHECK(story.reply(1) == "close 1, deliver"); }
    SECTION("which says another such thing: the first word stands") {
        CHECK(story.reply(1, nxdomain) == "close 1, deliver what was kept");
    }
    SECTION("which says what is not named") { CHECK(story.reply(1, refused) == "close 1, deliver"); }
    SECTION("which is silent") { CHECK(story.at(4000) == "overdue 1, deliver what was kept"); }
    SECTION("which fails") { CHECK(story.fail(1) == "close 1, count a failure, deliver what was kept"); }
}

TEST_CASE("of several such replies the first is kept", "[attempts]") {
    Story story;
    story.settings.attempts = 3;
    story.settings.fallback_on = fallback::servfail;
    story.begin();
    story.reply(0, servfail);
    CHECK(story.reply(1, servfail) == "close 1, send 2 as retry avoiding 1, wait until 4000");
    CHECK(story.reply(2, servfail) == "close 2, deliver what was kept");
}

TEST_CASE("nobody to move on to", "[attempts]") {
    Story story;
    story.settings.fallback_on = fallback::servfail;
    SECTION("only one upstream: it would say the same again") { story.terms.upstreams = 1; }
    SECTION("only one attempt") { story.settings.attempts = 1; }
    story.begin();
    CHECK(story.reply(0, servfail) == "close 0, deliver");
}

TEST_CASE("all others turn out to be down", "[attempts]") {
    Story story;
    story.settings.fallback_on = fallback::servfail;
    story.choices = 1;
    story.begin();
    CHECK(story.reply(0, servfail) == "close 0, keep, nobody, deliver what was kept");
}

TEST_CASE("every upstream has been asked, and the last attempt would be at one of them", "[attempts]") {
    Story story;
    story.settings.attempts = 3;
    story.settings.fallback_on = fallback::servfail;
    story.terms.upstreams = 2;
    story.begin();
    story.at(500);
    SECTION("an older one is open") {
        CHECK(story.reply(1, servfail) == "close 1, keep, send 2 as retry avoiding 1, wait until 4000");
        CHECK(story.reply(0) == "close 0, deliver");
    }
    SECTION("none is") {
        CHECK(story.fail(0) == "close 0, count a failure, send 2 as retry avoiding 1, wait until 4000");
        CHECK(story.fail(2) == "close 2, count a failure, wait until 4000");
        CHECK(story.reply(1, servfail) == "close 1, deliver");
    }
}

TEST_CASE("BADCOOKIE is asked again over TCP, as part of the same attempt", "[attempts]") {
    Story story;
    story.begin();
    story.now_ns += 100 * ms;
    CHECK(story.reply(0, rcode_badcookie) == "note: cookies, send 0 as retry by stream, wait until 600");
    CHECK(story.attempts.count() == 1);
    SECTION("which is enough") { CHECK(story.reply(0, noerror, true) == "close 0, deliver"); }
    SECTION("which is not: it is no answer to the client") {
        CHECK(story.reply(0, rcode_badcookie, true) ==
              "close 0, send 1 as retry by stream avoiding 0, wait until 4000");
        CHECK(story.reply(1, rcode_badcookie, true) == "close 1, fail");
    }
    SECTION("where nobody listens") {
        CHECK(story.fail(0, true) == "send 0 uncounted, wait until 600");
        CHECK(story.reply(0, rcode_badcookie) ==
              "close 0, send 1 as retry avoiding 0, wait until 4000");
    }
}

TEST_CASE("BADCOOKIE to an attempt that was late gives it its time anew", "[attempts]") {
    Story story;
    story.settings.attempts = 1;
    story.begin();
    story.at(4000 - 1);
    CHECK(story.reply(0, rcode_badcookie) == "note: cookies, send 0 as retry by stream, wait until 4000");

    Story other;
    other.begin();
    other.at(500);
    CHECK(other.reply(0, rcode_badcookie) == "note: cookies, send 0 as retry by stream, wait until 4000");
    CHECK_FALSE(other.attempts.is_overdue(0));
    CHECK(other.at(4000) == "overdue 0, overdue 1, fail");
}

TEST_CASE("an upstream that insists on cookies is asked over TCP from the beginning", "[attempts]") {
    Story story;
    story.habits.insists_on_cookies = true;
    CHECK(story.begin() == "send 0 by stream, wait until 500");
    CHECK(story.reply(0, rcode_badcookie, true) ==
          "close 0, send 1 as retry by stream avoiding 0, wait until 4000");
}

TEST_CASE("BADCOOKIE to a signed query is the client's own", "[attempts]") {
    Story story;
    story.terms.is_signed = true;
    story.begin();
    CHECK(story.reply(0, rcode_badcookie) == "close 0, deliver");
}

TEST_CASE("an UPDATE that is refused for want of a cookie has not been carried out", "[attempts]") {
    Story story;
    story.terms.opcode = opcode_update;
    story.begin();
    CHECK(story.reply(0, rcode_badcookie) == "note: cookies, send 0 as retry by stream, wait until 4000");
    SECTION("over TCP it is") { CHECK(story.reply(0, noerror, true) == "close 0, deliver"); }
    // Nobody knows what was done before the end of the connection.
    SECTION("the connection ends") { CHECK(story.fail(0, true) == "close 0, count a failure, fail by network"); }
    SECTION("and others lay on it") { CHECK(story.cut_off(0) == "close 0, count a failure, fail by network"); }
}

TEST_CASE("what is refused with the client's network is asked again without", "[attempts]") {
    Story story;
    story.terms.has_subnet = true;
    CHECK(story.begin() == "send 0 with subnet, wait until 500");
    CHECK(story.attempts.has_subnet(0));
    const std::uint16_t rcode = GENERATE(values<std::uint16_t>({refused, formerr, notimp, dns::rcode_badvers}));
    CAPTURE(rcode);
    CHECK(story.reply(0, rcode) == "send 0 as retry without subnet from now on, wait until 500");
    CHECK_FALSE(story.attempts.has_subnet(0));
    SECTION("and then it answers: that is remembered") {
        CHECK(story.reply(0) == "close 0, note: no subnet, deliver");
    }
    SECTION("and it says so again: it has its word, and nothing is learnt") {
        CHECK(story.reply(0, rcode) == "close 0, deliver");
    }
    SECTION("and is silent: the next has the message as it is now") {
        CHECK(story.at(500) == "overdue 0, send 1 as retry avoiding 0, wait until 4000");
        CHECK(story.reply(1, rcode) == "close 1, deliver");
    }
}

TEST_CASE("what it then says may be what fallback_on names", "[attempts]") {
    Story story;
    story.terms.has_subnet = true;
    story.settings.fallback_on = fallback::refused | fallback::servfail;
    story.begin();
    story.reply(0, refused);
    SECTION("the same") {
        CHECK(story.reply(0, refused) == "close 0, keep, send 1 as retry avoiding 0, wait until 4000");
    }
    SECTION("another word") {
        CHECK(story.reply(0, servfail) ==
              "close 0, note: no subnet, keep, send 1 as retry avoiding 0, wait until 4000");
    }
}

TEST_CASE("an upstream that refuses networks gets none, and none after it either", "[attempts]") {
    Story story;
    story.terms.has_subnet = true;
    story.habits.refuses_subnet = true;
    CHECK(story.begin() == "send 0 without subnet from now on, wait until 500");
    story.habits.refuses_subnet = false;
    CHECK(story.at(500) == "overdue 0, send 1 as retry avoiding 0, wait until 4000");
    CHECK(story.reply(1, refused) == "close 1, deliver");
}

TEST_CASE("two attempts left with the network, and both are refused for it", "[attempts]") {
    Story story;
    story.terms.has_subnet = true;
    story.begin();
    CHECK(story.at(500) == "overdue 0, send 1 as retry with subnet avoiding 0, wait until 4000");
    CHECK(story.reply(0, refused) == "send 0 as retry without subnet from now on, wait until 4000");
    CHECK(story.attempts.has_subnet(1));  // its reply still has it
    CHECK(story.reply(1, refused) == "send 1 as retry, wait until 4000");
    CHECK_FALSE(story.attempts.has_subnet(1));
    CHECK(story.reply(1) == "close 1, note: no subnet, deliver");
}

TEST_CASE("BADCOOKIE with a network in the query: first TCP, then without", "[attempts]") {
    Story story;
    story.terms.has_subnet = true;
    story.begin();
    CHECK(story.reply(0, rcode_badcookie) ==
          "note: cookies, send 0 as retry by stream with subnet, wait until 500");
    CHECK(story.reply(0, rcode_badcookie, true) ==
          "send 0 as retry by stream without subnet from now on, wait until 500");
    SECTION("which it takes") {
        CHECK(story.reply(0, noerror, true) == "close 0, note: no subnet, deliver");
    }
    SECTION("which it does not") {
        CHECK(story.reply(0, rcode_badcookie, true) ==
              "close 0, send 1 as retry by stream avoiding 0, wait until 4000");
    }
}

TEST_CASE("without a network in the query, nobody is asked again for a refusal", "[attempts]") {
    Story story;
    story.habits.refuses_subnet = true;
    story.begin();
    CHECK(story.reply(0, refused) == "close 0, deliver");
}

}  // namespace dproxy::routing
