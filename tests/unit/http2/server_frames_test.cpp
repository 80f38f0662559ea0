// SPDX-License-Identifier: MIT
// What single frames lead to: requests that are refused, streams that are, and bytes that end the session.
#include "catch.hpp"
#include "http2/limits.hpp"
#include "raw_client.hpp"

using namespace dproxy;
using http::SessionEnd;
using test::Fields;
using test::frame;
using test::Octets;
using test::RawClient;
namespace frame_type = test::frame_type;

namespace {

/// With what a head is refused; 0 where it is not.
unsigned refused(const Octets& bytes) {
    RawClient client;
    client.send(bytes);
    CHECK(client.is_open());
    return client.refused();
}

Fields with(Fields fields, const std::string& name, const std::string& value) {
    for (auto& [known, old] : fields)
        if (known == name) return old = value, fields;
    fields.emplace_back(name, value);
    return fields;
}

/// The error that a stream is reset with; -1 where it is not.
long reset(const Octets& bytes) {
    RawClient client;
    client.send(bytes);
    CHECK(client.request() == 0);
    CHECK(client.is_open());
    return client.reset();
}

void check_malformed(const Octets& bytes, const Octets& beginning = test::client_beginning()) {
    RawClient client(beginning);
    client.send(bytes);
    CHECK(client.session.state() == http::ServerSession::State::ended);
    CHECK(client.session.end() == SessionEnd::malformed);
    CHECK(client.goaway() > 0);
    CHECK(client.goaway() != test::enhance_your_calm);
    const auto before = client.received.size();
    client.send(test::get(99));
    CHECK(client.request() == 0);
    CHECK(client.received.size() == before);
}

}  // namespace

TEST_CASE("GET and POST, with and without a body", "[http2]") {
    RawClient client;
    client.send(test::get(1));
    CHECK(client.request() == 1);
    client.send(test::headers(3, 0, test::post_fields));
    CHECK(client.request() == 0);
    client.send(frame(frame_type::data, 0, 3, Octets(6)) + frame(frame_type::data, test::end_stream, 3, Octets(6)));
    CHECK(client.request() == 3);
    // A GET whose end comes by itself, and a POST with a trailer.
    client.send(test::headers(5, 0, test::get_fields) + frame(frame_type::data, test::end_stream, 5));
    CHECK(client.request() == 5);
    client.send(test::headers(7, 0, test::post_fields) + frame(frame_type::data, 0, 7, Octets(12)) +
                test::headers(7, test::end_stream, {{"x", "y"}}));
    CHECK(client.request() == 7);
    CHECK(client.refused() == 0);
}

TEST_CASE("requests that are refused", "[http2]") {
    using test::end_stream;
    const auto get_with = [](const char* name, const char* value) {
        return test::headers(1, end_stream, with(test::get_fields, name, value));
    };
    CHECK(refused(get_with(":path", "/other")) == 404);
    CHECK(refused(get_with(":path", "/dns-query")) == 400);
    CHECK(refused(get_with(":path", "/dns-query?dns=A")) == 400);
    CHECK(refused(get_with(":method", "DELETE")) == 405);
    CHECK(refused(get_with(":method", "BREW")) == 501);
    CHECK(refused(get_with(":method", "OPTIONS")) == 204);
    Fields many = test::get_fields;
    many.resize(600, {"a", "b"});
    CHECK(refused(test::headers(1, end_stream, many)) == 431);
    CHECK(refused(test::headers(1, end_stream, test::post_fields)) == 400);
    CHECK(refused(test::headers(1, end_stream, with(test::post_fields, "content-type", "text/plain"))) == 415);
    CHECK(refused(test::headers(1, 0, with(test::post_fields, "content-length", "65536"))) == 413);
    CHECK(refused(test::headers(1, 0, test::get_fields) + frame(frame_type::data, end_stream, 1, Octets(1))) == 400);
    const Fields waiting = with(with(test::post_fields, ":path", "/other"), "expect", "100-continue");
    CHECK(refused(test::headers(1, 0, waiting)) == 404);
}

TEST_CASE("a refusal waits for the rest of what keeps to the rules", "[http2]") {
    RawClient client;
    client.send(test::headers(1, 0, with(test::post_fields, ":path", "/other")));
    CHECK(client.refused() == 0);
    client.send(frame(frame_type::data, 0, 1, Octets(1000)));
    CHECK(client.session.held_bytes() < 40'000);
    client.send(frame(frame_type::data, test::end_stream, 1, Octets(1000)));
    CHECK(client.refused() == 404);
    CHECK(client.reset() == -1);
}

TEST_CASE("who is refused early need not send the rest", "[http2]") {
    RawClient client;
    client.send(test::headers(1, 0, with(test::post_fields, "content-length", "70000")));
    CHECK(client.refused() == 413);
    CHECK(client.reset() == 0);
    client.send(frame(frame_type::data, 0, 1, Octets(1000)) + test::get(3));
    CHECK(client.request() == 3);
}

TEST_CASE("a client that waits to be told to go on is told", "[http2]") {
    RawClient client;
    client.frames();
    client.send(test::headers(1, 0, with(test::post_fields, "expect", "100-continue")));
    const auto frames = client.frames();
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].type == frame_type::headers);
    CHECK(frames[0].flags == test::end_headers);
    client.send(frame(frame_type::data, test::end_stream, 1, Octets(12)));
    client.answer(client.request());
    CHECK(client.frames().size() == 2);
}

TEST_CASE("heads against the rules reset their stream", "[http2]") {
    using test::end_stream;
    const auto without = [](const char* name) {
        Fields fields;
        for (const auto& field : test::get_fields)
            if (field.first != name) fields.push_back(field);
        return fields;
    };
    for (const char* name : {":method", ":path", ":scheme"})
        CHECK(reset(test::headers(1, end_stream, without(name))) == test::protocol_error);
    for (const auto& [name, value] : Fields{{"Upper", "x"}, {"connection", "close"}, {"transfer-encoding", "chunked"},
                                            {":unknown", "x"}, {"te", "gzip"}, {"a", "x\ny"}, {"", "x"}}) {
        INFO(name);
        CHECK(reset(test::headers(1, end_stream, with(test::get_fields, name, value))) == test::protocol_error);
    }
    Fields twice = test::get_fields;
    twice.emplace_back(":path", "/dns-query");
    CHECK(reset(test::headers(1, end_stream, twice)) == test::protocol_error);
    Fields late = {{"a", "b"}};
    late.insert(late.end(), test::get_fields.begin(), test::get_fields.end());
    CHECK(reset(test::headers(1, end_stream, late)) == test::protocol_error);
}

TEST_CASE("a body of another length than announced resets its stream", "[http2]") {
    const Octets head = test::headers(1, 0, with(test::post_fields, "content-length", "12"));
    CHECK(reset(head + frame(frame_type::data, test::end_stream, 1, Octets(11))) == test::protocol_error);
    CHECK(reset(head + frame(frame_type::data, 0, 1, Octets(13))) == test::protocol_error);
}

TEST_CASE("bytes that are no HTTP/2 end the session", "[http2]") {
    check_malformed(test::octets("GET /dns-query HTTP/1.1\r\nHost: a\r\n\r\n"), {});
    check_malformed(Octets(30, 0), {});
    check_malformed(test::get(1), test::octets("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));  // no SETTINGS first
    check_malformed(frame(frame_type::data, 0, 1, Octets(3)));       // of a stream that is not
    check_malformed(frame(frame_type::data, 0, 0, Octets(3)));
    check_malformed(test::get(2));                                   // a server's
    check_malformed(frame(frame_type::priority, 0, 0, Octets(5)));
    check_malformed(frame(frame_type::settings, 0, 1));
    check_malformed(frame(frame_type::settings, 0, 0, Octets(5)));
    check_malformed(frame(frame_type::settings, test::ack, 0, Octets(6)));
    check_malformed(frame(frame_type::settings, 0, 0, test::setting(4, 0x80000000)));
    check_malformed(frame(frame_type::settings, 0, 0, test::setting(5, 1)));
    check_malformed(frame(frame_type::ping, 0, 0, Octets(7)));
    check_malformed(frame(frame_type::ping, 0, 1, Octets(8)));
    check_malformed(frame(frame_type::window_update, 0, 0, test::u32(0)));
    check_malformed(frame(frame_type::window_update, 0, 0, test::u32(0x7fffffff)));
    check_malformed(frame(frame_type::rst_stream, 0, 1, test::u32(8)));  // of a stream that is not
    check_malformed(frame(frame_type::push_promise, test::end_headers, 1, Octets(4)));
    check_malformed(frame(frame_type::continuation, test::end_headers, 1));
    check_malformed(frame(frame_type::headers, 0, 1) + frame(frame_type::ping, 0, 0, Octets(8)));
    check_malformed(frame(frame_type::headers, test::end_headers, 1, {0x80}));  // index 0
    check_malformed(frame(frame_type::headers, test::end_headers, 1, {0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}));
    check_malformed(frame(frame_type::headers, test::end_headers, 1, {0x3f, 0xe2, 0x1f}));  // a table of 4097
    check_malformed(frame(frame_type::data, 0, 1, Octets(16385)));
}

TEST_CASE("streams that have ended are not opened again", "[http2]") {
    const auto error = [](const Octets& bytes) {
        RawClient client;
        client.send(test::get(5));
        client.answer(client.request());
        client.send(bytes);
        CHECK(client.session.end() == SessionEnd::malformed);
        return client.goaway();
    };
    constexpr long stream_closed = 5;
    CHECK(error(test::get(3)) == test::protocol_error);  // passed over, so it has ended
    CHECK(error(test::get(5)) == stream_closed);
    CHECK(error(frame(frame_type::data, 0, 5, Octets(1))) == stream_closed);
    CHECK(error(test::get(7) + frame(frame_type::rst_stream, 0, 7, test::u32(8)) + test::get(7)) == stream_closed);
}

TEST_CASE("what was on its way when we reset its stream is passed over", "[http2]") {
    RawClient client;
    client.send(test::headers(1, 0, {{":method", "GET"}}));
    CHECK(client.reset() == test::protocol_error);
    client.send(frame(frame_type::data, 0, 1, Octets(1)) + test::headers(1, test::end_stream, {{"x", "y"}}));
    client.send(test::get(3));
    CHECK(client.request() == 3);
}

TEST_CASE("more streams than are allowed are refused, and may be tried again", "[http2]") {
    RawClient client;
    for (std::uint32_t id = 1; id < 2 * http2::concurrent_streams; id += 2) client.send(test::get(id));
    CHECK(client.reset() == -1);
    client.send(test::get(2 * http2::concurrent_streams + 1));
    CHECK(client.reset() == test::refused_stream);
    CHECK(client.is_open());
    http::RequestId last = 0;
    for (http::RequestId id = client.request(); id != 0; id = client.request()) last = id;
    CHECK(last == 2 * http2::concurrent_streams - 1);
    CHECK(client.session.in_flight() == http2::concurrent_streams);
    // Who was told how many are allowed, and goes beyond, breaks the rules.
    client.send(frame(frame_type::settings, test::ack, 0));
    client.send(test::get(2 * http2::concurrent_streams + 3));
    CHECK_FALSE(client.is_open());
    CHECK(client.session.next_cancelled());
}

TEST_CASE("the table of fields is not larger than it was agreed", "[http2]") {
    RawClient client;
    // Asked for more by the client, ours stays what it is; what it says in its table is forgotten beyond 4,096.
    client.send(frame(frame_type::settings, 0, 0, test::setting(1, 1 << 20)));
    for (std::uint32_t id = 1; id < 200; id += 2) {
        Octets block = test::packed(test::get_fields);
        block += test::field("name-" + std::to_string(id), std::string(1000, 'x'), 0x40);
        client.send(frame(frame_type::headers, test::end_headers | test::end_stream, id, block));
        client.answer(client.request());
    }
    CHECK(client.is_open());
    CHECK(client.session.held_bytes() < 60'000);
}
