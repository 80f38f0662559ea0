// SPDX-License-Identifier: MIT
// What a client sends too much of ends the session, and says by which limit.
#include "catch.hpp"
#include "http2/limits.hpp"
#include "raw_client.hpp"

using namespace dproxy;
using http::SessionEnd;
using test::frame;
using test::Octets;
using test::RawClient;
namespace frame_type = test::frame_type;

namespace {

/// Ends with GOAWAY, and not before so many came.
void check_flood(const Octets& bytes, std::size_t passes, SessionEnd end) {
    RawClient client;
    const std::size_t count = client.flood(bytes);
    CHECK(count + 1 >= passes);
    CHECK(count <= passes + 1);
    CHECK(client.session.end() == end);
    CHECK(client.session.state() == http::ServerSession::State::ended);
    CHECK(client.goaway() == test::enhance_your_calm);
    CHECK_FALSE(client.session.wants_more());
    client.send(bytes);
    CHECK(client.request() == 0);
}

}  // namespace

TEST_CASE("floods of frames that carry nothing", "[http2]") {
    check_flood(frame(frame_type::settings, 0, 0), http2::settings_allowance.at_once, SessionEnd::settings);
    check_flood(frame(frame_type::ping, 0, 0, Octets(8)), http2::ping_allowance.at_once, SessionEnd::pings);
    check_flood(frame(frame_type::priority, 0, 1, test::u32(3) + Octets{7}), http2::priority_allowance.at_once,
                SessionEnd::priorities);
    check_flood(frame(frame_type::window_update, 0, 0, test::u32(1)), http2::window_update_allowance.at_once,
                SessionEnd::window_updates);
    check_flood(frame(0xbe, 0, 0, Octets(100)), http2::unknown_allowance.at_once, SessionEnd::unknown_frames);
}

TEST_CASE("DATA that carries nothing", "[http2]") {
    RawClient client;
    client.send(test::headers(1, 0, test::post_fields));
    CHECK(client.flood(frame(frame_type::data, 0, 1)) == http2::empty_data_allowance.at_once + 1);
    CHECK(client.session.end() == SessionEnd::empty_frames);
    CHECK(client.goaway() == test::enhance_your_calm);
}

TEST_CASE("streams that are opened and given up", "[http2]") {
    RawClient client;
    std::size_t opened = 0, cancelled = 0;
    for (std::uint32_t id = 1; opened < 100'000 && client.is_open(); id += 2, ++opened) {
        client.send(test::get(id));
        client.request();
        client.send(frame(frame_type::rst_stream, 0, id, test::u32(8)));
        while (client.session.next_cancelled()) ++cancelled;
        CHECK(client.session.in_flight() == 0);
    }
    CHECK(opened == http2::reset_allowance.at_once + 1);
    CHECK(client.session.end() == SessionEnd::resets);
    CHECK(client.goaway() == test::enhance_your_calm);
    CHECK(cancelled == opened);
}

TEST_CASE("streams that we are made to give up", "[http2]") {
    RawClient windows;
    std::size_t opened = 0;
    for (std::uint32_t id = 1; opened < 100'000 && windows.is_open(); id += 2, ++opened) {
        windows.send(test::get(id) + frame(frame_type::window_update, 0, id, test::u32(0x7fffffff)));
        windows.request();
        while (windows.session.next_cancelled()) {}
    }
    CHECK(opened <= http2::reset_allowance.at_once + 1);
    CHECK(windows.goaway() == test::enhance_your_calm);

    RawClient heads;
    opened = 0;
    for (std::uint32_t id = 1; opened < 100'000 && heads.is_open(); id += 2, ++opened)
        heads.send(test::headers(id, test::end_stream, {{":method", "GET"}}));
    CHECK(opened <= http2::reset_allowance.at_once + 1);
    CHECK(heads.session.end() == SessionEnd::resets);
}

TEST_CASE("who gives up a question now and then stays", "[http2]") {
    RawClient client;
    for (std::uint32_t id = 1; id < 4000; id += 2) {
        client.send(test::get(id) + frame(frame_type::rst_stream, 0, id, test::u32(8)));
        client.now_ns += 1'000'000'000 / http2::reset_allowance.each_second;
        while (client.session.next_cancelled()) {}
    }
    CHECK(client.is_open());
}

TEST_CASE("a head without an end", "[http2]") {
    RawClient good;  // eight, byte by byte
    Octets bytes = frame(frame_type::headers, test::end_stream, 1, test::packed(test::get_fields));
    for (std::uint32_t count = 1; count <= http2::continuation_frames; ++count)
        bytes += frame(frame_type::continuation, count == http2::continuation_frames ? test::end_headers : 0, 1,
                       test::field("a", "b"));
    for (const std::uint8_t byte : bytes) good.send({byte});
    CHECK(good.request() == 1);

    // In small frames, in empty ones, and in large ones.
    RawClient small;
    small.send(frame(frame_type::headers, 0, 1, test::packed(test::get_fields)));
    CHECK(small.flood(frame(frame_type::continuation, 0, 1, test::field("a", "b"))) == http2::continuation_frames + 1);
    CHECK(small.session.end() == SessionEnd::continuations);
    CHECK(small.goaway() == test::enhance_your_calm);

    RawClient empty;
    empty.send(frame(frame_type::headers, 0, 1, test::packed(test::get_fields)));
    CHECK(empty.flood(frame(frame_type::continuation, 0, 1)) == http2::continuation_frames + 1);

    RawClient large;
    large.send(frame(frame_type::headers, 0, 1, test::packed(test::get_fields)));
    CHECK(large.flood(frame(frame_type::continuation, 0, 1, test::field("a", std::string(16'000, 'x')))) <= 3);
    CHECK(large.session.end() == SessionEnd::fields);
    CHECK(large.session.held_bytes() < 100'000);
}

TEST_CASE("a head that is small until it is unpacked", "[http2]") {
    RawClient client;
    // One field of 4,000 bytes goes into the table, and is said again by one byte: 62 is its index.
    Octets block = test::packed(test::get_fields) + test::field("a", std::string(4000, 'x'), 0x40);
    block += Octets(10'000, 0x80 | 62);
    client.send(frame(frame_type::headers, test::end_headers | test::end_stream, 1, block));
    CHECK(client.session.end() == SessionEnd::fields);
    CHECK(client.goaway() == test::enhance_your_calm);
    CHECK(client.request() == 0);
    CHECK(client.session.held_bytes() < 100'000);
}

TEST_CASE("a body without an end", "[http2]") {
    RawClient client;
    client.send(test::headers(1, 0, test::post_fields));
    std::size_t most = 0;
    for (int count = 0; count < 1000; ++count) {
        client.send(frame(frame_type::data, 0, 1, Octets(1000)));
        most = std::max(most, client.session.held_bytes());
    }
    CHECK(client.refused() == 413);
    CHECK(client.reset() == 0);  // answered; the rest is not wanted
    CHECK(most < 250'000);
}

TEST_CASE("bodies that are never whole", "[http2]") {
    RawClient client;
    std::size_t most = 0;
    for (std::uint32_t id = 1; id < 200; id += 2) {
        client.send(test::headers(id, 0, test::post_fields));
        for (int count = 0; count < 6; ++count) client.send(frame(frame_type::data, 0, id, Octets(10'000)));
        most = std::max(most, client.session.held_bytes());
    }
    CHECK(client.reset() == test::refused_stream);
    CHECK(client.session.take_turned_away() > 0);
    CHECK(client.session.take_turned_away() == 0);  // each is told once
    CHECK(most < 2 * http2::unfinished_body_bytes + 100'000);
}

TEST_CASE("answers that the client makes no room for", "[http2]") {
    RawClient client(test::client_beginning(test::setting(4, 0)));
    std::size_t answered = 0;
    for (std::uint32_t id = 1; id < 200; id += 2) {
        client.send(test::get(id));
        const http::RequestId request = client.request();
        if (request == 0) continue;
        client.answer(request, 10'000);
        ++answered;
    }
    CHECK(answered == http2::unsent_answer_bytes / 10'000 + 1);
    CHECK(client.reset() == test::refused_stream);
    CHECK(client.session.queued_bytes() < http2::unsent_answer_bytes + 10'001);
    CHECK(client.session.take_turned_away() == 100 - answered);
    CHECK(client.is_open());
}

TEST_CASE("windows that are moved for every stream at a time", "[http2]") {
    RawClient client;
    for (std::uint32_t id = 1; id < 200; id += 2) client.send(test::get(id));
    std::uint32_t size = 0;
    std::size_t count = 0;
    while (client.session.end() == SessionEnd::not_yet && count < 1000) {
        client.send(frame(frame_type::settings, 0, 0, test::setting(4, ++size)));
        ++count;
    }
    CHECK(count <= http2::settings_allowance.at_once);
}

TEST_CASE("acknowledgements that nobody fetches", "[http2]") {
    http2::ServerSession session(test::http2_place, net::Address::v4(192, 0, 2, 1));
    session.take(test::client_beginning(), 1);
    std::uint64_t now_ns = 1;
    std::size_t count = 0;
    for (; count < 1000 && session.end() == SessionEnd::not_yet; ++count) {
        now_ns += 1'000'000'000;  // slowly
        session.take(frame(frame_type::ping, 0, 0, Octets(8)), now_ns);
    }
    CHECK(session.end() == SessionEnd::acknowledgements);
    CHECK(count <= http2::unsent_acknowledgements + 1);
    CHECK(session.held_bytes() < 100'000);
}

TEST_CASE("a SETTINGS frame that is full of them", "[http2]") {
    RawClient client;
    Octets many;
    for (int count = 0; count < 33; ++count) many += test::setting(0xff00, 1);
    client.send(frame(frame_type::settings, 0, 0, many));
    CHECK_FALSE(client.is_open());
}
