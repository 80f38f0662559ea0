// SPDX-License-Identifier: MIT
// What HTTP/1.1 refuses: bytes that are none, heads and bodies without an end, and what could be read in two ways.
#include "catch.hpp"
#include "http/http1_session.hpp"
#include "http/limits.hpp"
#include "http1_client.hpp"

using namespace dproxy;
using http::SessionEnd;
using test::http_get;
using test::http_message;
using test::http_post;
using test::Http1Client;
using test::http1_status;
using State = http::ServerSession::State;

TEST_CASE("what is no request ends the connection", "[http1]") {
    for (const std::string& text :
         {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), std::string("\r\n\r\n\0\r\nQUIT\n", 12),
          std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), std::string("GET /\r\n\r\n"),
          std::string("GET / HTTP/1.1\nHost: a\n\n"), std::string("GET / HTTP/1.1\r\nno colon\r\n\r\n"),
          std::string("GET / HTTP/1.1\r\n: x\r\n\r\n"), std::string("GET / HTTP/1.1\r\nHost : a\r\n\r\n")}) {
        INFO(text);
        Http1Client client;
        client.send(text + http_get);
        CHECK(client.status() == 400);
        CHECK(client.session.state() == State::ended);
        CHECK(client.session.end() == SessionEnd::malformed);
        CHECK(client.request() == 0);
        CHECK_FALSE(client.session.wants_more());
        client.send(http_get);
        CHECK(client.request() == 0);
    }
}

TEST_CASE("a request has one Host", "[http1]") {
    CHECK(http1_status("GET /dns-query?dns=AAAAAAAAAAAAAAAA HTTP/1.1\r\n\r\n") == 400);
    CHECK(http1_status("GET /dns-query?dns=AAAAAAAAAAAAAAAA HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
    CHECK(http1_status(http_get) == 0);
}

TEST_CASE("a length that could be read in two ways is malformed", "[http1]") {
    const std::string head = "POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Type: application/dns-message\r\n";
    for (const char* fields : {"Content-Length: 12\r\nTransfer-Encoding: chunked\r\n",
                               "Transfer-Encoding: chunked\r\nContent-Length: 12\r\n",
                               "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                               "Content-Length: 12\r\nContent-Length: 13\r\n", "Content-Length: 12, 13\r\n",
                               "Content-Length: +12\r\n", "Content-Length: 0x0c\r\n", "Content-Length: -1\r\n"}) {
        INFO(fields);
        Http1Client client;
        client.send(head + fields + "\r\n" + http_message + http_get);
        CHECK(client.status() == 400);
        CHECK(client.session.state() == State::ended);
    }
    // A coding that is not known: where the body ends cannot be told.
    for (const char* coding : {"gzip", "chunked, gzip", "xchunked"}) {
        INFO(coding);
        Http1Client client;
        client.send(head + "Transfer-Encoding: " + coding + "\r\n\r\n" + http_get);
        CHECK(client.status() == 501);
        CHECK(client.request() == 0);
        CHECK(client.session.state() == State::ended);
    }
}

TEST_CASE("a GET with a body is refused", "[http1]") {
    const std::string line = "GET /dns-query?dns=AAAAAAAAAAAAAAAA HTTP/1.1\r\nHost: a\r\n";
    CHECK(http1_status(line + "Content-Length: 1\r\n\r\nx") == 400);
    CHECK(http1_status(line + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n") == 400);
    CHECK(http1_status(line + "Content-Length: 0\r\n\r\n") == 0);
}

TEST_CASE("a head without an end is cut off", "[http1]") {
    Http1Client client;
    client.send("GET /dns-query HTTP/1.1\r\nHost: a\r\n");
    int lines = 0;
    const std::string line = "a: " + std::string(90, 'x') + "\r\n";
    for (; lines < 10000 && client.session.state() == State::open; ++lines) client.send(line);
    CHECK(lines < 200);
    CHECK(client.status() == 431);
    CHECK(client.session.held_bytes() < http::header_bytes);

    Http1Client one;
    one.send("GET /" + std::string(1 << 20, 'x'));
    CHECK(one.session.state() == State::ended);
    CHECK(http1_status("GET /dns-query?dns=" + std::string(9000, 'A') + " HTTP/1.1\r\nHost: a\r\n\r\n") == 414);
}

TEST_CASE("a body without an end is cut off", "[http1]") {
    CHECK(http1_status(http_post(std::string(65535, 'x'))) == 0);
    CHECK(http1_status(http_post(std::string(65536, 'x'))) == 413);
    Http1Client client;
    client.send("POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Type: application/dns-message\r\n"
                "Transfer-Encoding: chunked\r\n\r\n");
    std::size_t most = 0;
    int chunks = 0;
    for (; chunks < 100000 && client.session.state() == State::open; ++chunks) {
        client.send("10;" + std::string(100, 'e') + "\r\n0123456789abcdef\r\n");
        most = std::max(most, client.session.held_bytes());
    }
    CHECK(client.status() == 413);
    CHECK(chunks < 5000);
    CHECK(most < 4 * http::body_bytes);
}

TEST_CASE("so much can be sent ahead, and no more", "[http1]") {
    Http1Client client;
    client.send(http_get);
    std::size_t sent = 0;
    for (; sent < (1 << 20) && client.session.state() == State::open; sent += http_get.size()) client.send(http_get);
    CHECK(sent <= http::pipelined_bytes + http_get.size());
    CHECK(client.session.end() == SessionEnd::pipelined);
    CHECK(client.session.held_bytes() < 4096);
}

TEST_CASE("who does not take his answers is not read on", "[http1]") {
    Http1Client client;
    const std::string other = "GET /other HTTP/1.1\r\nHost: a\r\n\r\n";
    std::string many;
    for (int count = 0; count < 2000; ++count) many += other;
    client.send(many);
    CHECK_FALSE(client.session.wants_more());
    CHECK(client.session.queued_bytes() < http::unfetched_bytes + 200);
    CHECK(client.receive(1000).size() == 1000);
    std::size_t answers = 0;
    for (int turn = 0; turn < 10000; ++turn) client.receive();
    while (client.session.next_refused()) ++answers;
    CHECK(answers == 2000);
    CHECK(client.session.wants_more());
}

TEST_CASE("an upgrade to another protocol is not spoken", "[http1]") {
    Http1Client client;
    client.send("GET /dns-query?dns=AAAAAAAAAAAAAAAA HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n");
    CHECK(client.answer(client.request(), "x"));
    CHECK(client.receive().starts_with("HTTP/1.1 200 "));
}
