// SPDX-License-Identifier: MIT
// Every event in every state: how far the query has come.
#include "every_event.hpp"

namespace dproxy::routing {

namespace {

const std::vector<Row> nothing_at_all{
    {"reply", "nothing"}, {"reply by stream", "nothing"}, {"SERVFAIL", "nothing"}, {"REFUSED", "nothing"},
    {"BADCOOKIE", "nothing"}, {"BADCOOKIE by stream", "nothing"}, {"failed", "nothing"},
    {"failed by stream", "nothing"}, {"overload", "nothing"}, {"doubted", "nothing"}, {"cut off", "nothing"},
    {"guessed at", "nothing"}, {"stream free", "nothing"}, {"too early", "nothing"}, {"share is over", "nothing"},
    {"deadline", "nothing"}};

const std::vector<Row> last_is_waited_for{
    {"reply", "close 0, deliver"},
    {"reply by stream", "close 0, deliver"},
    {"SERVFAIL", "close 0, deliver"},
    {"REFUSED", "send 0 as retry without subnet from now on, wait until 4000"},
    {"BADCOOKIE", "note: cookies, send 0 as retry by stream with subnet, wait until 4000"},
    {"BADCOOKIE by stream", "send 0 as retry without subnet from now on, wait until 4000"},
    {"failed", "close 0, count a failure, fail by network"},
    {"failed by stream", "close 0, count a failure, fail by network"},
    {"overload", "close 0, count a failure, fail"},
    {"doubted", "count a failure"},
    {"cut off", "send 0 uncounted with subnet avoiding 0, wait until 4000"},
    {"guessed at", "send 0 uncounted by stream with subnet, wait until 4000"},
    {"stream free", "send 0 uncounted with subnet, wait until 4000"},
    {"too early", "wait until 4000"},
    {"share is over", "wait until 4000"},
    {"deadline", "overdue 0, fail"},
};

const std::vector<Row> both_are_waited_for{
    {"reply", "close 0, deliver"},
    {"reply by stream", "close 0, deliver"},
    {"SERVFAIL", "close 0, keep, wait until 4000"},
    {"REFUSED", "send 0 as retry without subnet from now on, wait until 4000"},
    {"BADCOOKIE", "note: cookies, send 0 as retry by stream with subnet, wait until 4000"},
    {"BADCOOKIE by stream", "send 0 as retry without subnet from now on, wait until 4000"},
    {"failed", "close 0, count a failure, wait until 4000"},
    {"failed by stream", "close 0, count a failure, wait until 4000"},
    {"overload", "close 0, count a failure, wait until 4000"},
    {"doubted", "count a failure"},
    {"cut off", "send 0 uncounted with subnet avoiding 0, wait until 4000"},
    {"guessed at", "send 0 uncounted by stream with subnet, wait until 4000"},
    {"stream free", "send 0 uncounted with subnet, wait until 4000"},
    {"too early", "wait until 4000"},
    {"share is over", "wait until 4000"},
    {"deadline", "overdue 1, fail"},
};

}  // namespace

TEST_CASE("every event: the first is waited for", "[attempts]") {
    check_all(
        [](Story& story) { story.begin(); },
        {
            {"reply", "close 0, deliver"},
            {"reply by stream", "close 0, deliver"},
            {"SERVFAIL", "close 0, keep, send 1 as retry with subnet avoiding 0, wait until 4000"},
            {"REFUSED", "send 0 as retry without subnet from now on, wait until 500"},
            {"BADCOOKIE", "note: cookies, send 0 as retry by stream with subnet, wait until 500"},
            {"BADCOOKIE by stream", "send 0 as retry without subnet from now on, wait until 500"},
            {"failed", "close 0, count a failure, send 1 as retry with subnet avoiding 0, wait until 4000"},
            {"failed by stream", "close 0, count a failure, send 1 as retry with subnet avoiding 0, wait until 4000"},
            {"overload", "close 0, count a failure, send 1 as retry with subnet avoiding 0, wait until 4000"},
            {"doubted", "count a failure, send 1 as retry with subnet avoiding 0, wait until 4000"},
            {"cut off", "send 0 uncounted with subnet avoiding 0, wait until 500"},
            {"guessed at", "send 0 uncounted by stream with subnet, wait until 500"},
            {"stream free", "send 0 uncounted with subnet, wait until 500"},
            {"too early", "wait until 500"},
            {"share is over", "overdue 0, send 1 as retry with subnet avoiding 0, wait until 4000"},
            {"deadline", "overdue 0, fail"},
        });
}

TEST_CASE("every event: the last is waited for", "[attempts]") {
    check_all(
        [](Story& story) {
            story.settings.attempts = 1;
            story.begin();
        },
        last_is_waited_for);
}

TEST_CASE("every event: the second is waited for as well", "[attempts]") {
    check_all(
        [](Story& story) {
            story.begin();
            story.at(500);
        },
        both_are_waited_for);
}

TEST_CASE("every event: the second has failed", "[attempts]") {
    check_all(
        [](Story& story) {
            story.begin();
            story.at(500);
            story.fail(1);
        },
        besides(last_is_waited_for, {
             {"overload", "close 0, count a failure, fail by network"},
             {"deadline", "fail by network"}}));
}

TEST_CASE("every event: two are waited for, a third may be made", "[attempts]") {
    check_all(
        [](Story& story) {
            story.settings.attempts = 3;
            story.begin();
            story.at(500);
        },
        {
            {"reply", "close 0, deliver"},
            {"reply by stream", "close 0, deliver"},
            {"SERVFAIL", "close 0, keep, send 2 as retry with subnet avoiding 1, wait until 4000"},
            {"REFUSED", "send 0 as retry without subnet from now on, wait until 1000"},
            {"BADCOOKIE", "note: cookies, send 0 as retry by stream with subnet, wait until 1000"},
            {"BADCOOKIE by stream", "send 0 as retry without subnet from now on, wait until 1000"},
            {"failed", "close 0, count a failure, send 2 as retry with subnet avoiding 1, wait until 4000"},
            {"failed by stream", "close 0, count a failure, send 2 as retry with subnet avoiding 1, wait until 4000"},
            {"overload", "close 0, count a failure, send 2 as retry with subnet avoiding 1, wait until 4000"},
            {"doubted", "count a failure"},
            {"cut off", "send 0 uncounted with subnet avoiding 0, wait until 1000"},
            {"guessed at", "send 0 uncounted by stream with subnet, wait until 1000"},
            {"stream free", "send 0 uncounted with subnet, wait until 1000"},
            {"too early", "wait until 1000"},
            {"share is over", "wait until 1000"},
            {"deadline", "overdue 1, fail"},
        });
}

TEST_CASE("every event: doubted, and another was asked", "[attempts]") {
    check_all(
        [](Story& story) {
            story.begin();
            story.doubt(0);
        },
        besides(both_are_waited_for, {
             {"doubted", "nothing"},
             {"deadline", "overdue 0, overdue 1, fail by network"}}));
}

TEST_CASE("every event: hedged", "[attempts]") {
    check_all(
        [](Story& story) {
            story.settings.hedge = Hedge::p95;
            story.begin();
            story.at(100);
        },
        besides(both_are_waited_for, {
             {"deadline", "overdue 0, overdue 1, fail"}}));
}

TEST_CASE("every event: a hedge is due later", "[attempts]") {
    check_all(
        [](Story& story) {
            story.settings.hedge = Hedge::p95;
            story.begin();
        },
        {
            {"reply", "close 0, deliver"},
            {"reply by stream", "close 0, deliver"},
            {"SERVFAIL", "close 0, keep, send 1 as retry with subnet avoiding 0, wait until 4000"},
            {"REFUSED", "send 0 as retry without subnet from now on, wait until 100"},
            {"BADCOOKIE", "note: cookies, send 0 as retry by stream with subnet, wait until 100"},
            {"BADCOOKIE by stream", "send 0 as retry without subnet from now on, wait until 100"},
            {"failed", "close 0, count a failure, send 1 as retry with subnet avoiding 0, wait until 4000"},
            {"failed by stream", "close 0, count a failure, send 1 as retry with subnet avoiding 0, wait until 4000"},
            {"overload", "close 0, count a failure, send 1 as retry with subnet avoiding 0, wait until 4000"},
            {"doubted", "count a failure, send 1 as retry with subnet avoiding 0, wait until 4000"},
            {"cut off", "send 0 uncounted with subnet avoiding 0, wait until 100"},
            {"guessed at", "send 0 uncounted by stream with subnet, wait until 100"},
            {"stream free", "send 0 uncounted with subnet, wait until 100"},
            {"too early", "wait until 100"},
            {"share is over", "overdue 0, send 1 as retry with subnet avoiding 0, wait until 4000"},
            {"deadline", "overdue 0, fail"},
        });
}

TEST_CASE("every event: the SERVFAIL of another is kept", "[attempts]") {
    check_all(
        [](Story& story) {
            story.begin();
            story.at(500);
            story.reply(1, servfail);
        },
        besides(last_is_waited_for, {
             {"SERVFAIL", "close 0, deliver what was kept"},
             {"failed", "close 0, count a failure, deliver what was kept"},
             {"failed by stream", "close 0, count a failure, deliver what was kept"},
             {"overload", "close 0, count a failure, deliver what was kept"},
             {"deadline", "deliver what was kept"}}));
}

TEST_CASE("no event means anything: not begun", "[attempts]") {
    check_all([](Story&) {}, nothing_at_all);
}

TEST_CASE("no event means anything: delivered", "[attempts]") {
    check_all(
        [](Story& story) {
            story.begin();
            story.reply(0);
        },
        nothing_at_all);
}

TEST_CASE("no event means anything: ended from outside", "[attempts]") {
    check_all(
        [](Story& story) {
            story.begin();
            story.attempts.end();
        },
        nothing_at_all);
}

TEST_CASE("no event means anything: given up", "[attempts]") {
    check_all(
        [](Story& story) {
            story.begin();
            story.at(4000);
        },
        nothing_at_all);
}

}  // namespace dproxy::routing
