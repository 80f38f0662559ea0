// SPDX-License-Identifier: MIT
#include "http2/client_session.hpp"

#include "catch.hpp"
#include "http2/limits.hpp"
#include "pair.hpp"

using namespace dproxy;
using http::SessionEnd;
using http2::ClientSession;
using http2::Outcome;
using test::Fields;
using test::frame;
using test::Octets;
using State = ClientSession::State;
namespace frame_type = test::frame_type;

namespace {

const Fields good_fields = {{":status", "200"}, {"content-type", "application/dns-message"}};

/// A server that sends a client's session whatever bytes a test likes.
struct RawServer {
    ClientSession session{test::pair_resource};
    std::vector<std::uint8_t> received;
    std::uint64_t now_ns = 1'000'000'000;

    explicit RawServer(const Octets& settings = {}) {
        send(test::server_beginning(settings) + frame(frame_type::settings, test::ack, 0));
    }

    void send(const Octets& bytes) {
        session.take(bytes, now_ns);
        fetch();
    }
    void fetch() { session.fetch(received, std::size_t(-1)); }
    /// The ID of a question that has left.
    http2::StreamId ask() {
        const auto id = session.ask(Octets(12, 7));
        fetch();
        return id.value_or(0);
    }
    std::uint32_t asked() { return static_cast<std::uint32_t>(ask()); }
    /// How one question ended, and its status.
    std::pair<Outcome, unsigned> end(http2::StreamId id) {
        const auto reply = session.next_reply();
        REQUIRE(reply);
        CHECK(reply->id == id);
        CHECK(reply->message.empty() == (reply->outcome != Outcome::answered));
        return {reply->outcome, reply->status};
    }
    long reset() const { return test::error_of(received, frame_type::rst_stream, 24); }
    long goaway() const { return test::error_of(received, frame_type::goaway, 24); }
};

/// What becomes of a question that is answered with these fields and this body.
Outcome outcome(const Fields& fields, const Octets& body = Octets(12, 1)) {
    RawServer server;
    const std::uint32_t id = server.asked();
    server.send(test::headers(id, 0, fields) + frame(frame_type::data, test::end_stream, id, body));
    CHECK(server.session.state() == State::open);
    const Outcome found = server.end(static_cast<http2::StreamId>(id)).first;
    CHECK_FALSE(server.session.next_reply());
    CHECK(server.session.in_flight() == 0);
    return found;
}

Fields with(Fields fields, const std::string& name, const std::string& value) {
    for (auto& [known, old] : fields)
        if (known == name) return old = value, fields;
    fields.emplace_back(name, value);
    return fields;
}

constexpr long cancel = 8;

}  // namespace

TEST_CASE("a question is a POST", "[http2]") {
    RawServer server;
    CHECK(server.ask() == 1);
    CHECK(server.session.in_flight() == 1);
    const auto frames = test::frames_of(server.received, 24);
    REQUIRE(frames.size() == 4);  // SETTINGS, its acknowledgement of theirs, HEADERS, DATA
    CHECK(frames[2].type == frame_type::headers);
    CHECK(frames[3].payload == Octets(12, 7));
    CHECK(frames[3].flags == test::end_stream);
    const Octets& block = frames[2].payload;
    CHECK(std::search(block.begin(), block.end(), frames[3].payload.begin(), frames[3].payload.end()) == block.end());
}

TEST_CASE("a reply is taken when it is a DNS message with status 200", "[http2]") {
    CHECK(outcome(good_fields) == Outcome::answered);
    CHECK(outcome(good_fields, Octets(11)) == Outcome::length);
    CHECK(outcome(good_fields, {}) == Outcome::length);
    CHECK(outcome(with(good_fields, "content-type", "Application/DNS-message;x=y")) == Outcome::answered);
    CHECK(outcome(with(good_fields, "content-type", "text/html")) == Outcome::content_type);
    CHECK(outcome({{":status", "200"}}) == Outcome::content_type);
    CHECK(outcome(with(good_fields, "content-encoding", "gzip")) == Outcome::content_type);
    for (const char* status : {"500", "404", "429", "301", "201", "204", "206"})
        CHECK(outcome(with(good_fields, ":status", status)) == Outcome::status);
}

TEST_CASE("the status of a failure is told", "[http2]") {
    RawServer server;
    const auto id = server.ask();
    server.send(test::headers(static_cast<std::uint32_t>(id), test::end_stream, {{":status", "503"}}));
    CHECK(server.end(id) == std::pair{Outcome::status, 503u});
}

TEST_CASE("a reply in pieces, behind 100 and before a trailer", "[http2]") {
    RawServer server;
    const std::uint32_t id = server.asked();
    server.send(test::headers(id, 0, {{":status", "103"}, {"content-type", "text/html"}}));
    server.send(test::headers(id, 0, good_fields));
    for (int count = 0; count < 12; ++count) server.send(frame(frame_type::data, 0, id, Octets(1, 5)));
    CHECK_FALSE(server.session.next_reply());
    server.send(test::headers(id, test::end_stream, {{"content-type", "x"}}));
    const auto reply = server.session.next_reply();
    REQUIRE(reply);
    CHECK(reply->outcome == Outcome::answered);
    CHECK(reply->message == Octets(12, 5));
}

TEST_CASE("a reply of another length than announced is malformed", "[http2]") {
    CHECK(outcome(with(good_fields, "content-length", "12")) == Outcome::answered);
    CHECK(outcome(with(good_fields, "content-length", "13")) == Outcome::malformed);
    CHECK(outcome(with(good_fields, "content-length", "11")) == Outcome::malformed);
    CHECK(outcome(with(good_fields, "content-length", "x")) == Outcome::malformed);
    CHECK(outcome({{"content-type", "application/dns-message"}}) == Outcome::malformed);
    CHECK(outcome(with(good_fields, "Upper", "x")) == Outcome::malformed);
}

TEST_CASE("a reply that is too large is not read to its end", "[http2]") {
    RawServer announced;
    const auto id = announced.ask();
    announced.send(test::headers(static_cast<std::uint32_t>(id), 0, with(good_fields, "content-length", "65536")));
    CHECK(announced.end(id).first == Outcome::too_large);
    CHECK(announced.reset() == cancel);

    RawServer endless;
    const auto other = endless.ask();
    endless.send(test::headers(static_cast<std::uint32_t>(other), 0, good_fields));
    std::size_t most = 0;
    for (int count = 0; count < 100; ++count) {
        endless.send(frame(frame_type::data, 0, static_cast<std::uint32_t>(other), Octets(10'000)));
        most = std::max(most, endless.session.held_bytes());
    }
    CHECK(endless.end(other).first == Outcome::too_large);
    CHECK(endless.reset() == cancel);
    CHECK(most < 250'000);
    CHECK(endless.session.state() == State::open);
}

TEST_CASE("heads without an end", "[http2]") {
    Fields many = good_fields;
    many.resize(600, {"a", "b"});
    CHECK(outcome(many) == Outcome::malformed);
    RawServer server;
    const auto id = server.ask();
    Octets block = test::packed(good_fields) + test::field("a", std::string(4000, 'x'), 0x40);
    block += Octets(10'000, 0x80 | 62);
    server.send(frame(frame_type::headers, test::end_headers, static_cast<std::uint32_t>(id), block));
    CHECK(server.session.end() == SessionEnd::fields);
    CHECK(server.session.state() == State::ended);
    CHECK(server.goaway() == 11);
    CHECK(server.end(id).first == Outcome::lost);
}

TEST_CASE("what the server did not look at may be asked again", "[http2]") {
    RawServer server;
    const std::uint32_t id = server.asked();
    server.send(frame(frame_type::rst_stream, 0, id, test::u32(7)));
    CHECK(server.end(1).first == Outcome::unheard);
    CHECK(server.session.state() == State::open);

    const std::uint32_t other = server.asked();
    server.send(frame(frame_type::rst_stream, 0, other, test::u32(2)));
    CHECK(server.end(3).first == Outcome::lost);

    // Refused after something was said of it: it was looked at.
    const std::uint32_t half = server.asked();
    server.send(test::headers(half, 0, good_fields) + frame(frame_type::data, 0, half, Octets(12)));
    server.send(frame(frame_type::rst_stream, 0, half, test::u32(7)));
    CHECK(server.end(5).first == Outcome::lost);
}

TEST_CASE("a server that goes says which questions it looks at", "[http2]") {
    RawServer server;
    for (int count = 0; count < 3; ++count) server.ask();
    server.send(frame(frame_type::goaway, 0, 0, test::u32(3) + test::u32(0)));
    CHECK(server.end(5).first == Outcome::unheard);
    CHECK(server.session.state() == State::leaving);
    CHECK_FALSE(server.session.has_room());
    CHECK(server.ask() == 0);
    for (const std::uint32_t id : {1u, 3u})
        server.send(test::headers(id, 0, good_fields) + frame(frame_type::data, test::end_stream, id, Octets(12)));
    CHECK(server.end(1).first == Outcome::answered);
    CHECK(server.end(3).first == Outcome::answered);
    CHECK(server.session.state() == State::ended);
}

TEST_CASE("a server that says in advance that it goes loses nothing", "[http2]") {
    RawServer server;
    const std::uint32_t id = server.asked();
    server.send(frame(frame_type::goaway, 0, 0, test::u32(0x7fffffff) + test::u32(0)));
    CHECK(server.session.state() == State::leaving);
    CHECK_FALSE(server.session.next_reply());
    server.send(frame(frame_type::goaway, 0, 0, test::u32(1) + test::u32(0)));
    server.send(test::headers(id, 0, good_fields) + frame(frame_type::data, test::end_stream, id, Octets(12)));
    CHECK(server.end(1).first == Outcome::answered);
}

TEST_CASE("a connection that breaks tells what had left", "[http2]") {
    RawServer server;
    server.ask();
    CHECK(server.session.ask(Octets(12)));  // which nobody fetched
    server.session.take_end();
    CHECK(server.session.state() == State::ended);
    CHECK(server.end(1).first == Outcome::lost);
    CHECK(server.end(3).first == Outcome::unheard);
    CHECK_FALSE(server.session.next_reply());
    CHECK(server.ask() == 0);
}

TEST_CASE("no more streams are opened than the server allows", "[http2]") {
    RawServer server(test::setting(3, 2));
    CHECK(server.session.room() == 2);
    CHECK(server.ask() == 1);
    const std::uint32_t second = server.asked();
    CHECK(second == 3);
    CHECK(server.ask() == 0);
    server.send(frame(frame_type::rst_stream, 0, second, test::u32(7)));
    CHECK(server.ask() == 5);

    RawServer generous(test::setting(3, 1'000'000));
    CHECK(generous.session.room() == http2::concurrent_streams);
    RawServer none(test::setting(3, 0));
    CHECK(none.ask() == 0);
    none.send(frame(frame_type::settings, 0, 0, test::setting(3, 1)));
    CHECK(none.ask() == 1);
}

TEST_CASE("a question waits for a window", "[http2]") {
    RawServer server(test::setting(4, 0));
    server.ask();
    CHECK(server.session.queued_bytes() == 12);
    server.send(frame(frame_type::window_update, 0, 1, test::u32(100)));
    CHECK(server.session.queued_bytes() == 0);
}

TEST_CASE("a question that is given up is not told again", "[http2]") {
    RawServer server;
    const std::uint32_t id = server.asked();
    server.session.cancel(static_cast<http2::StreamId>(id));
    server.fetch();
    CHECK(server.reset() == cancel);
    CHECK(server.session.in_flight() == 0);
    server.send(test::headers(id, 0, good_fields) + frame(frame_type::data, test::end_stream, id, Octets(12)));
    CHECK_FALSE(server.session.next_reply());
    CHECK(server.session.state() == State::open);

    // One that never left costs the server nothing.
    const auto unsent = server.session.ask(Octets(12));
    server.session.cancel(*unsent);
    server.fetch();
    CHECK_FALSE(server.session.next_reply());
    CHECK(server.session.in_flight() == 0);
    CHECK(server.session.room() == http2::concurrent_streams);
}

TEST_CASE("a ping shows whether anybody is there", "[http2]") {
    RawServer server;
    server.received.clear();
    server.session.ping();
    server.session.ping();
    server.fetch();
    CHECK(server.session.is_ping_unanswered());
    REQUIRE(test::frames_of(server.received).size() == 1);
    server.send(frame(frame_type::ping, test::ack, 0, Octets(8)));
    CHECK_FALSE(server.session.is_ping_unanswered());
}

TEST_CASE("bytes of a server that are against the rules end the session", "[http2]") {
    for (const Octets& bytes :
         {test::octets("HTTP/1.1 400 Bad Request\r\n\r\n"), frame(frame_type::data, 0, 0, Octets(3)),
          frame(frame_type::data, 0, 99, Octets(3)), test::headers(2, 0, good_fields),
          frame(frame_type::push_promise, test::end_headers, 1, test::u32(2) + test::packed(test::get_fields)),
          frame(frame_type::settings, 0, 0, test::setting(2, 1)), frame(frame_type::window_update, 0, 0, test::u32(0)),
          frame(frame_type::headers, test::end_headers, 1, {0x80})}) {
        RawServer server;
        server.ask();
        server.send(bytes);
        CHECK(server.session.state() == State::ended);
        CHECK(server.session.end() == SessionEnd::malformed);
        CHECK(server.end(1).first == Outcome::lost);
        CHECK(server.goaway() > 0);
    }
}

TEST_CASE("floods of a server end the session", "[http2]") {
    const auto flood = [](const Octets& bytes) {
        RawServer server;
        server.ask();
        for (int count = 0; count < 1000 && server.session.end() == SessionEnd::not_yet; ++count) server.send(bytes);
        CHECK(server.end(1).first == Outcome::lost);
        CHECK(server.goaway() == 11);
        return server.session.end();
    };
    CHECK(flood(frame(frame_type::settings, 0, 0)) == SessionEnd::settings);
    CHECK(flood(frame(frame_type::ping, 0, 0, Octets(8))) == SessionEnd::pings);
    CHECK(flood(frame(0xbe, 0, 0)) == SessionEnd::unknown_frames);
    CHECK(flood(frame(frame_type::window_update, 0, 0, test::u32(1))) == SessionEnd::window_updates);
}

TEST_CASE("who wants no more lets the rest come", "[http2]") {
    RawServer server;
    const std::uint32_t id = server.asked();
    server.session.finish();
    server.fetch();
    CHECK(server.goaway() == 0);
    CHECK(server.session.state() == State::leaving);
    CHECK(server.ask() == 0);
    server.send(test::headers(id, 0, good_fields) + frame(frame_type::data, test::end_stream, id, Octets(12)));
    CHECK(server.end(1).first == Outcome::answered);
    CHECK(server.session.state() == State::ended);

    RawServer idle;
    idle.session.finish();
    idle.fetch();
    CHECK(idle.session.state() == State::ended);
    CHECK(idle.session.end() == SessionEnd::finished);
}

TEST_CASE("an idle session holds little", "[http2]") {
    RawServer server;
    CHECK(server.session.held_bytes() < 30'000);
}
