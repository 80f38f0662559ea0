// SPDX-License-Identifier: MIT
#include "http/http1_session.hpp"

#include "catch.hpp"
#include "http1_client.hpp"
#include "support/mentions.hpp"

using namespace dproxy;
using config::mentions;
using http::SessionEnd;
using http::Status;
using test::http_get;
using test::http_message;
using test::http_post;
using test::Http1Client;
using State = http::ServerSession::State;

TEST_CASE("a question comes by GET and by POST, and is answered", "[http1]") {
    for (const std::string& text : {http_get, http_post(http_message)}) {
        Http1Client client;
        client.send(text);
        CHECK(client.session.in_flight() == 0);
        const auto request = client.session.next_request();
        REQUIRE(request);
        CHECK(request->message == std::vector<std::uint8_t>(12, 0));
        CHECK(request->client == net::Address::v4(192, 0, 2, 1));
        CHECK(client.session.in_flight() == 1);
        CHECK(client.answer(request->id, "the answer"));
        CHECK(client.session.in_flight() == 0);
        CHECK(client.receive() ==
              "HTTP/1.1 200 OK\r\ncontent-type: application/dns-message\r\naccess-control-allow-origin: *\r\n"
              "content-length: 10\r\ncache-control: max-age=0\r\n\r\nthe answer");
        CHECK(client.session.state() == State::open);
        CHECK_FALSE(client.answer(request->id, "again"));
    }
}

TEST_CASE("byte by byte it is the same request", "[http1]") {
    Http1Client client;
    const std::string text = http_post(http_message);
    for (std::size_t at = 0; at < text.size(); ++at) {
        CHECK_FALSE(client.session.next_request());
        client.send(text.substr(at, 1));
        CHECK(client.session.has_part_of_request() == (at + 1 != text.size()));
    }
    CHECK(client.request() == 1);
}

TEST_CASE("chunks are put together", "[http1]") {
    Http1Client client;
    client.send("POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Type: application/dns-message\r\n"
                "Transfer-Encoding: chunked\r\n\r\n4;a=b\r\n\1\2\3\4\r\n8\r\n12345678\r\n0\r\nHost: b\r\n\r\n");
    const auto request = client.session.next_request();
    REQUIRE(request);
    CHECK(std::string(request->message.begin(), request->message.end()) == "\1\2\3\4" "12345678");
}

TEST_CASE("what is sent ahead waits for its turn", "[http1]") {
    Http1Client client;
    client.send(http_get + http_post(http_message) + http_get);
    for (http::RequestId id = 1; id <= 3; ++id) {
        CHECK(client.request() == id);
        CHECK(client.request() == 0);
        CHECK_FALSE(client.session.wants_more());
        CHECK(client.answer(id, "x"));
    }
    CHECK(client.session.wants_more());
    const std::string answer = "max-age=0\r\n\r\nx";
    const std::string all = client.receive();
    CHECK(all.find(answer, all.find(answer, all.find(answer) + 1) + 1) == all.size() - answer.size());
}

TEST_CASE("refusals keep their place among the answers, and the connection", "[http1]") {
    Http1Client client;
    client.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n" + http_get + "PUT /dns-query HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(client.status() == 404);
    CHECK(client.answer(client.request(), "x"));
    const std::string rest = client.receive();
    CHECK(mentions(rest, "HTTP/1.1 200 OK"));
    CHECK(mentions(rest, "HTTP/1.1 405 Method Not Allowed\r\n"));
    CHECK(mentions(rest, "\r\nallow: GET, POST, OPTIONS\r\n"));
    CHECK(client.session.next_refused() == Status::not_found);
    CHECK(client.session.next_refused() == Status::method_not_allowed);
    CHECK_FALSE(client.session.next_refused());
    CHECK(client.session.state() == State::open);
}

TEST_CASE("the owner can refuse what it got", "[http1]") {
    Http1Client client;
    client.send(http_get);
    CHECK(client.session.refuse(client.request(), Status::unavailable));
    CHECK(client.status() == 503);
    CHECK_FALSE(client.session.refuse(7, Status::unavailable));
}

TEST_CASE("a body of what is refused is read over", "[http1]") {
    Http1Client client;
    client.send("POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12");
    CHECK(client.status() == 0);
    client.send("345" + http_get);
    CHECK(client.status() == 404);
    CHECK(client.request() == 2);
}

TEST_CASE("a client that waits to be told to go on is told", "[http1]") {
    Http1Client client;
    const std::string text = http_post(http_message, "Expect: 100-continue\r\n");
    client.send(text.substr(0, text.size() - 12));
    CHECK(client.receive() == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(http_message);
    CHECK(client.request() == 1);

    Http1Client refused;
    refused.send("POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    CHECK(refused.status() == 404);
    CHECK(refused.session.state() == State::ended);
}

TEST_CASE("the connection ends where the client or its version wants it", "[http1]") {
    for (const char* text : {"GET /dns-query?dns=AAAAAAAAAAAAAAAA HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                             "GET /dns-query?dns=AAAAAAAAAAAAAAAA HTTP/1.0\r\n\r\n",
                             "GET /dns-query?dns=AAAAAAAAAAAAAAAA HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"}) {
        Http1Client client;
        client.send(text + http_get);
        CHECK(client.answer(client.request(), "x"));
        CHECK(mentions(client.receive(), "\r\nconnection: close\r\n"));
        CHECK(client.session.state() == State::ended);
        CHECK(client.session.end() == SessionEnd::finished);
        CHECK(client.request() == 0);
    }
}

TEST_CASE("what is under way is answered when the owner wants no more", "[http1]") {
    Http1Client idle;
    idle.session.finish();
    CHECK(idle.session.state() == State::ended);

    Http1Client asked;
    asked.send(http_get + http_get);
    asked.session.finish();
    CHECK(asked.session.state() == State::finishing);
    CHECK(asked.answer(asked.request(), "x"));
    CHECK(mentions(asked.receive(), "\r\nconnection: close\r\n"));
    CHECK(asked.session.state() == State::ended);
    CHECK(asked.request() == 0);

    Http1Client half;
    half.send(http_get.substr(0, 20));
    half.session.finish();
    CHECK(half.session.state() == State::finishing);
    half.send(http_get.substr(20));
    CHECK(half.answer(half.request(), "x"));
    CHECK(half.session.state() == State::ended);

    Http1Client twice;
    twice.send(http_get.substr(0, 20));
    twice.session.finish();
    twice.session.finish();
    CHECK(twice.session.state() == State::ended);
}

TEST_CASE("a client that sends no more still gets its answers", "[http1]") {
    Http1Client client;
    client.send(http_get + http_get);
    client.session.take_end();
    CHECK(client.session.state() == State::finishing);
    CHECK(client.answer(client.request(), "x"));
    CHECK(client.answer(client.request(), "y"));
    CHECK(client.session.state() == State::ended);
    CHECK(client.receive().ends_with("y"));

    Http1Client half;
    half.send(http_get.substr(0, 20));
    half.session.take_end();
    CHECK(half.session.state() == State::ended);
}

TEST_CASE("a preflight of a browser", "[http1]") {
    Http1Client client;
    client.send("OPTIONS /dns-query HTTP/1.1\r\nHost: a\r\nOrigin: https://b\r\n"
                "Access-Control-Request-Method: POST\r\n\r\n");
    const std::string text = client.receive();
    CHECK(text.starts_with("HTTP/1.1 204 No Content\r\n"));
    CHECK(mentions(text, "access-control-allow-methods: GET, POST\r\n"));
    CHECK_FALSE(mentions(text, "content-length"));
}
