// SPDX-License-Identifier: MIT
#include "io/quiet_time.hpp"

#include "catch.hpp"

using dproxy::io::QuietTime;
using std::chrono::milliseconds;

namespace {

const QuietTime::TimePoint start{std::chrono::hours(1)};

}  // namespace

TEST_CASE("nothing is due where nothing happened") {
    CHECK_FALSE(QuietTime().due());
}

TEST_CASE("one event is answered after the quiet time") {
    QuietTime quiet;
    quiet.event(start);
    CHECK(quiet.due() == start + milliseconds(50));
    quiet.answered();
    CHECK_FALSE(quiet.due());
}

TEST_CASE("each event puts the answer off, but not beyond the limit") {
    QuietTime quiet;
    for (int elapsed = 0; elapsed <= 440; elapsed += 40) {
        quiet.event(start + milliseconds(elapsed));
        CHECK(quiet.due() == start + milliseconds(elapsed + 50));
    }
    quiet.event(start + milliseconds(480));
    CHECK(quiet.due() == start + milliseconds(500));
    quiet.event(start + milliseconds(499));
    CHECK(quiet.due() == start + milliseconds(500));
    quiet.answered();
    quiet.event(start + milliseconds(510));
    CHECK(quiet.due() == start + milliseconds(560));
}

TEST_CASE("an answer that was asked for comes at its time, or with an earlier one") {
    QuietTime quiet;
    quiet.ask(start + milliseconds(2000));
    quiet.ask(start + milliseconds(3000));
    CHECK(quiet.due() == start + milliseconds(2000));
    quiet.event(start);
    CHECK(quiet.due() == start + milliseconds(50));
    quiet.ask(start + milliseconds(20));
    CHECK(quiet.due() == start + milliseconds(20));
    quiet.answered();
    CHECK_FALSE(quiet.due());
}
