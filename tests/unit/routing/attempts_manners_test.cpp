// SPDX-License-Identifier: MIT
// Every event in every state: how the query was asked.
#include "every_event.hpp"

namespace dproxy::routing {

namespace {

const std::vector<Row> by_stream{
    {"reply", "close 0, deliver"},
    {"reply by stream", "close 0, deliver"},
    {"SERVFAIL", "close 0, keep, send 1 as retry by stream with subnet avoiding 0, wait until 4000"},
    {"REFUSED", "send 0 as retry by stream without subnet from now on, wait until 500"},
    {"BADCOOKIE", "note: cookies, send 0 as retry by stream with subnet, wait until 500"},
    {"BADCOOKIE by stream", "send 0 as retry by stream without subnet from now on, wait until 500"},
    {"failed", "close 0, count a failure, send 1 as retry with subnet avoiding 0, wait until 4000"},
    {"failed by stream", "send 0 uncounted with subnet, wait until 500"},
    {"overload", "close 0, count a failure, send 1 as retry with subnet avoiding 0, wait until 4000"},
    {"doubted", "count a failure, send 1 as retry by stream with subnet avoiding 0, wait until 4000"},
    {"cut off", "send 0 uncounted by stream with subnet avoiding 0, wait until 500"},
    {"guessed at", "send 0 uncounted by stream with subnet, wait until 500"},
    {"stream free", "send 0 uncounted by stream with subnet, wait until 500"},
    {"too early", "wait until 500"},
    {"share is over", "overdue 0, send 1 as retry by stream with subnet avoiding 0, wait until 4000"},
    {"deadline", "overdue 0, fail"},
};

const std::vector<Row> of_an_update{
    {"reply", "close 0, deliver"},
    {"reply by stream", "close 0, deliver"},
    {"SERVFAIL", "close 0, deliver"},
    {"REFUSED", "close 0, deliver"},
    {"BADCOOKIE", "note: cookies, send 0 as retry by stream, wait until 4000"},
    {"BADCOOKIE by stream", "close 0, fail"},
    {"failed", "close 0, count a failure, fail by network"},
    {"failed by stream", "close 0, count a failure, fail by network"},
    {"overload", "close 0, count a failure, fail"},
    {"doubted", "count a failure"},
    {"cut off", "close 0, count a failure, fail by network"},
    {"guessed at", "nothing"},
    {"stream free", "send 0 uncounted, wait until 4000"},
    {"too early", "wait until 4000"},
    {"share is over", "wait until 4000"},
    {"deadline", "overdue 0, fail"},
};

}  // namespace

TEST_CASE("every event: asked again without the network", "[attempts]") {
    check_all(
        [](Story& story) {
            story.begin();
            story.reply(0, refused);
        },
        {
            {"reply", "close 0, note: no subnet, deliver"},
            {"reply by stream", "close 0, note: no subnet, deliver"},
            {"SERVFAIL", "close 0, note: no subnet, keep, send 1 as retry avoiding 0, wait until 4000"},
            {"REFUSED", "close 0, deliver"},
            {"BADCOOKIE", "note: cookies, send 0 as retry by stream, wait until 500"},
            {"BADCOOKIE by stream", "close 0, send 1 as retry avoiding 0, wait until 4000"},
            {"failed", "close 0, count a failure, send 1 as retry avoiding 0, wait until 4000"},
            {"failed by stream", "close 0, count a failure, send 1 as retry avoiding 0, wait until 4000"},
            {"overload", "close 0, count a failure, send 1 as retry avoiding 0, wait until 4000"},
            {"doubted", "count a failure, send 1 as retry avoiding 0, wait until 4000"},
            {"cut off", "send 0 uncounted avoiding 0, wait until 500"},
            {"guessed at", "send 0 uncounted by stream, wait until 500"},
            {"stream free", "send 0 uncounted, wait until 500"},
            {"too early", "wait until 500"},
            {"share is over", "overdue 0, send 1 as retry avoiding 0, wait until 4000"},
            {"deadline", "overdue 0, fail"},
        });
}

TEST_CASE("every event: asked again by stream for want of a cookie", "[attempts]") {
    check_all(
        [](Story& story) {
            story.begin();
            story.reply(0, rcode_badcookie);
        },
        besides(by_stream, {
             {"BADCOOKIE", "send 0 as retry by stream without subnet from now on, wait until 500"}}));
}

TEST_CASE("every event: guessed at, and asked by stream", "[attempts]") {
    check_all(
        [](Story& story) {
            story.begin();
            story.guess(0);
        },
        by_stream);
}

TEST_CASE("every event: by stream, as the client came", "[attempts]") {
    check_all(
        [](Story& story) {
            story.terms.came_by_stream = true;
            story.begin();
        },
        besides(by_stream, {
             {"failed", "close 0, count a failure, send 1 as retry by stream with subnet avoiding 0, wait until 4000"},
             {"failed by stream",
              "close 0, count a failure, send 1 as retry by stream with subnet avoiding 0, "
              "wait until 4000"},
             {"overload",
              "close 0, count a failure, send 1 as retry by stream with subnet avoiding 0, wait until 4000"}}));
}

TEST_CASE("every event: an UPDATE", "[attempts]") {
    check_all(
        [](Story& story) {
            story.terms.opcode = opcode_update;
            story.terms.has_subnet = false;
            story.begin();
        },
        of_an_update);
}

TEST_CASE("every event: an UPDATE by stream, for want of a cookie", "[attempts]") {
    check_all(
        [](Story& story) {
            story.terms.opcode = opcode_update;
            story.terms.has_subnet = false;
            story.begin();
            story.reply(0, rcode_badcookie);
        },
        besides(of_an_update, {
             {"BADCOOKIE", "close 0, fail"},
             {"stream free", "send 0 uncounted by stream, wait until 4000"}}));
}

}  // namespace dproxy::routing
