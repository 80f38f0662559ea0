// SPDX-License-Identifier: MIT
#include "http2/server_session.hpp"

#include "catch.hpp"
#include "http2/limits.hpp"
#include "pair.hpp"
#include "raw_client.hpp"

using namespace dproxy;
using http::SessionEnd;
using http::Status;
using http2::Outcome;
using test::Octets;
using test::Pair;
using test::RawClient;
using State = http::ServerSession::State;

namespace {

Octets message(std::uint8_t number, std::size_t length = 20) { return Octets(length, number); }

}  // namespace

TEST_CASE("a question and its answer", "[http2]") {
    Pair pair;
    const auto id = pair.client.ask(message(1));
    REQUIRE(id);
    pair.exchange();
    const auto requests = pair.requests();
    REQUIRE(requests.size() == 1);
    CHECK(Octets(requests[0].message.begin(), requests[0].message.end()) == message(1));
    CHECK(requests[0].client == net::Address::v4(192, 0, 2, 1));
    CHECK(pair.server.in_flight() == 1);
    CHECK(pair.server.answer(requests[0].id, message(2)));
    CHECK_FALSE(pair.server.answer(requests[0].id, message(2)));
    CHECK(pair.server.in_flight() == 0);
    pair.exchange();
    REQUIRE(pair.outcome(*id) == Outcome::answered);
    CHECK(pair.replies.at(*id).status == 200);
    CHECK(pair.replies.at(*id).message == message(2));
    CHECK(pair.server.state() == State::open);
    CHECK_FALSE(pair.server.has_part_of_request());
    CHECK_FALSE(pair.server.next_cancelled());
}

TEST_CASE("questions wait for their answers side by side, and in any pieces", "[http2]") {
    for (const std::size_t chunk : {1u, 3u, 100u, 100'000u}) {
        Pair pair;
        pair.chunk = chunk;
        std::vector<http2::StreamId> ids;
        for (std::uint8_t number = 0; number < 100; ++number) ids.push_back(*pair.client.ask(message(number)));
        CHECK_FALSE(pair.client.has_room());
        CHECK_FALSE(pair.client.ask(message(0)));
        pair.exchange();
        auto requests = pair.requests();
        REQUIRE(requests.size() == 100);
        CHECK(pair.server.in_flight() == 100);
        std::reverse(requests.begin(), requests.end());
        for (const auto& request : requests) CHECK(pair.server.answer(request.id, request.message));
        pair.exchange();
        for (std::uint8_t number = 0; number < 100; ++number)
            CHECK(pair.replies.at(ids[number]).message == message(number));
        CHECK(pair.client.room() == 100);
    }
}

TEST_CASE("the longest messages go both ways, many at a time", "[http2]") {
    Pair pair;
    std::vector<http2::StreamId> ids;
    for (std::uint8_t number = 0; number < 3; ++number) ids.push_back(*pair.client.ask(message(number, 65535)));
    pair.exchange();
    const auto requests = pair.requests();
    REQUIRE(requests.size() == 3);
    for (const auto& request : requests) CHECK(pair.server.answer(request.id, request.message));
    CHECK(pair.server.queued_bytes() == 3 * 65535);
    pair.exchange();
    CHECK(pair.server.queued_bytes() == 0);
    for (std::uint8_t number = 0; number < 3; ++number)
        CHECK(pair.replies.at(ids[number]).message == message(number, 65535));
}

TEST_CASE("a session that lives long keeps nothing of what was", "[http2]") {
    Pair pair;
    std::size_t held = 0;
    for (int turn = 0; turn < 2000; ++turn) {
        REQUIRE(pair.client.ask(message(1)));
        pair.exchange();
        for (const auto& request : pair.requests()) pair.server.answer(request.id, request.message);
        pair.exchange();
        pair.replies.clear();
        if (turn == 1000) held = pair.server.held_bytes() + pair.client.held_bytes();
    }
    CHECK(pair.server.held_bytes() + pair.client.held_bytes() == held);
    CHECK(pair.server.held_bytes() < 40'000);
}

TEST_CASE("what was refused is told to both sides", "[http2]") {
    const http2::Resource elsewhere{"dns.test", "/elsewhere"};
    Pair pair(elsewhere);
    const auto id = pair.client.ask(message(1));
    pair.exchange();
    CHECK(pair.outcome(*id) == Outcome::status);
    CHECK(pair.replies.at(*id).status == 404);
    CHECK(pair.requests().empty());
    CHECK(pair.server.next_refused() == Status::not_found);
    CHECK_FALSE(pair.server.next_refused());

    Pair busy;
    const auto asked = busy.client.ask(message(1));
    busy.exchange();
    CHECK(busy.server.refuse(busy.requests().at(0).id, Status::unavailable));
    busy.exchange();
    CHECK(busy.replies.at(*asked).status == 503);
}

TEST_CASE("a question that the client gave up is told", "[http2]") {
    Pair pair;
    const auto first = pair.client.ask(message(1)), second = pair.client.ask(message(2));
    const auto third = pair.client.ask(message(3));
    pair.exchange();
    CHECK(pair.server.next_request()->id == static_cast<http::RequestId>(*first));
    pair.client.cancel(*first);
    pair.client.cancel(*second);  // which nobody fetched yet
    pair.exchange();
    CHECK(pair.server.next_cancelled() == static_cast<http::RequestId>(*first));
    CHECK_FALSE(pair.server.next_cancelled());
    CHECK_FALSE(pair.server.answer(static_cast<http::RequestId>(*first), message(1)));
    const auto requests = pair.requests();
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].id == static_cast<http::RequestId>(*third));
    CHECK(pair.replies.empty());
    CHECK(pair.client.in_flight() == 1);
}

TEST_CASE("what is under way is answered when the owner wants no more", "[http2]") {
    Pair pair;
    const auto id = pair.client.ask(message(1));
    pair.exchange();
    pair.server.finish();
    CHECK(pair.server.state() == State::finishing);
    std::vector<std::uint8_t> notice;
    pair.server.fetch(notice, 100'000);
    const auto on_its_way = pair.client.ask(message(2));  // the client does not know yet
    REQUIRE(on_its_way);
    std::vector<std::uint8_t> sent;
    pair.client.fetch(sent, 100'000);
    pair.client.take(notice, 1);
    pair.server.take(sent, 1);
    CHECK_FALSE(pair.client.has_room());
    CHECK(pair.client.state() == http2::ClientSession::State::leaving);
    pair.exchange();
    const auto requests = pair.requests();
    REQUIRE(requests.size() == 2);
    CHECK(pair.server.state() == State::finishing);
    for (const auto& request : requests) CHECK(pair.server.answer(request.id, request.message));
    pair.exchange();
    CHECK(pair.outcome(*id) == Outcome::answered);
    CHECK(pair.outcome(*on_its_way) == Outcome::answered);
    CHECK(pair.server.state() == State::ended);
    CHECK(pair.server.end() == SessionEnd::finished);
    CHECK(pair.client.state() == http2::ClientSession::State::ended);
}

TEST_CASE("an idle session ends, at once where nobody is to be waited for", "[http2]") {
    Pair pair;
    pair.exchange();
    pair.server.finish();
    pair.exchange();
    CHECK(pair.client.state() == http2::ClientSession::State::ended);
    pair.server.take_end();
    CHECK(pair.server.state() == State::ended);
    CHECK(pair.server.end() == SessionEnd::finished);

    RawClient silent;
    silent.session.finish();
    silent.send({});
    CHECK(silent.session.state() == State::finishing);
    silent.session.finish();
    silent.send({});
    CHECK(silent.session.state() == State::ended);
    CHECK(silent.goaway() == 0);
}

TEST_CASE("the end is announced before it is asked what has come meanwhile", "[http2]") {
    RawClient client;
    client.frames();
    client.session.finish();
    client.send({});
    const auto announced = client.frames();
    REQUIRE(announced.size() == 2);
    CHECK(announced[0].type == test::frame_type::goaway);
    CHECK(announced[1].type == test::frame_type::ping);
    client.send(test::get(1) + test::frame(test::frame_type::ping, test::ack, 0, announced[1].payload));
    const auto last = client.frames();
    REQUIRE(last.size() == 1);
    CHECK(last[0].type == test::frame_type::goaway);
    CHECK(last[0].number(0) == 1);
    CHECK(client.request() == 1);
    client.answer(1);
    CHECK(client.session.state() == State::ended);
    CHECK(client.session.end() == SessionEnd::finished);
}

TEST_CASE("a client that sends no more still gets its answers", "[http2]") {
    RawClient client;
    client.send(test::get(1) + test::headers(3, 0, test::post_fields));
    CHECK(client.session.has_part_of_request());
    client.session.take_end();
    CHECK(client.session.state() == State::finishing);
    client.answer(client.request());
    CHECK(client.session.state() == State::ended);
    CHECK(client.session.end() == SessionEnd::finished);

    RawClient idle;
    idle.session.take_end();
    CHECK(idle.session.state() == State::ended);
}

TEST_CASE("an answer waits until the client makes room for it", "[http2]") {
    RawClient client(test::client_beginning(test::setting(4, 0)));
    client.send(test::get(1));
    client.answer(client.request(), 100);
    CHECK(client.session.queued_bytes() == 100);
    CHECK(client.session.wants_more());
    client.frames();
    client.send(test::frame(test::frame_type::window_update, 0, 1, test::u32(60)));
    CHECK(client.session.queued_bytes() == 40);
    client.send(test::frame(test::frame_type::window_update, 0, 1, test::u32(60)));
    CHECK(client.session.queued_bytes() == 0);
    const auto frames = client.frames();
    REQUIRE(frames.size() == 2);
    CHECK(frames[0].payload.size() == 60);
    CHECK(frames[1].payload.size() == 40);
    CHECK(frames[1].flags == test::end_stream);
}

TEST_CASE("only so much is fetched at a time", "[http2]") {
    RawClient client;
    client.send(test::get(1));
    client.session.answer(client.request(), Octets(60'000, 0));
    std::vector<std::uint8_t> bytes;
    client.session.fetch(bytes, 1000);
    CHECK(bytes.size() < 17'000);
    CHECK(client.session.queued_bytes() > 40'000);
}

TEST_CASE("the client is whom a trusted proxy names", "[http2]") {
    http2::ServerSession session(test::http2_place, net::Address::v4(10, 0, 0, 1));
    test::Fields fields = test::get_fields;
    fields.emplace_back("x-forwarded-for", "192.0.2.7");
    session.take(test::client_beginning() + test::headers(1, test::end_stream, fields), 1);
    const auto request = session.next_request();
    REQUIRE(request);
    CHECK(request->client.to_string() == "192.0.2.7");
}
