// SPDX-License-Identifier: MIT
#include "http2/frame_watch.hpp"

#include "catch.hpp"
#include "frames.hpp"

using namespace dproxy;
using http::SessionEnd;
using http2::Allowance;
using http2::FrameBudget;
using http2::FrameWatch;
using test::frame;
using test::Octets;
namespace frame_type = test::frame_type;

namespace {

constexpr std::uint64_t second = 1'000'000'000;

SessionEnd take(FrameWatch& watch, dns::Bytes bytes, std::uint64_t now_ns) {
    while (!bytes.empty())
        if (const auto header = watch.advance(bytes))
            if (const SessionEnd end = watch.judge(*header, now_ns); end != SessionEnd::not_yet) return end;
    return SessionEnd::not_yet;
}

/// How many of these pass at once, and what comes of one more.
void check(const Octets& bytes, std::size_t passes, SessionEnd end) {
    FrameWatch watch(0);
    for (std::size_t count = 0; count < passes; ++count) REQUIRE(take(watch, bytes, second) == SessionEnd::not_yet);
    CHECK(take(watch, bytes, second) == end);
}

}  // namespace

TEST_CASE("a budget is used up, and comes back with time and requests", "[frame_watch]") {
    constexpr Allowance allowance{3, 2, 1};
    FrameBudget budget(allowance);
    for (int count = 0; count < 3; ++count) CHECK(budget.take(second));
    CHECK_FALSE(budget.take(second + second / 4));
    CHECK(budget.take(second + second / 2));
    CHECK_FALSE(budget.take(second + second / 2));
    budget.add_request();
    CHECK(budget.take(second + second / 2));
    CHECK_FALSE(budget.take(second / 2));  // a clock that goes backwards gives nothing
    for (int count = 0; count < 3; ++count) CHECK(budget.take(100 * second));
    CHECK_FALSE(budget.take(100 * second));
}

TEST_CASE("frames that cost more than they carry", "[frame_watch]") {
    check(frame(frame_type::settings, 0, 0), http2::settings_allowance.at_once, SessionEnd::settings);
    check(frame(frame_type::settings, test::ack, 0), http2::settings_allowance.at_once, SessionEnd::settings);
    check(frame(frame_type::ping, 0, 0, Octets(8, 1)), http2::ping_allowance.at_once, SessionEnd::pings);
    check(frame(frame_type::priority, 0, 1, Octets(5)), http2::priority_allowance.at_once, SessionEnd::priorities);
    check(frame(frame_type::window_update, 0, 0, test::u32(1)), http2::window_update_allowance.at_once,
          SessionEnd::window_updates);
    check(frame(frame_type::rst_stream, 0, 1, test::u32(8)), http2::reset_allowance.at_once, SessionEnd::resets);
    check(frame(frame_type::data, 0, 1), http2::empty_data_allowance.at_once, SessionEnd::empty_frames);
    check(frame(0x10, 0, 0, Octets(9)), http2::unknown_allowance.at_once, SessionEnd::unknown_frames);
    check(frame(0xff, 0, 0), http2::unknown_allowance.at_once, SessionEnd::unknown_frames);
}

TEST_CASE("frames that carry something are not counted", "[frame_watch]") {
    FrameWatch watch(0);
    const Octets bytes = frame(frame_type::data, 0, 1, Octets(1)) + frame(frame_type::data, test::end_stream, 1) +
                         frame(frame_type::headers, test::end_headers, 1, Octets(3));
    for (int count = 0; count < 10'000; ++count) REQUIRE(take(watch, bytes, second) == SessionEnd::not_yet);
}

TEST_CASE("with each request a client may open windows for its answer", "[frame_watch]") {
    FrameWatch watch(0);
    Octets bytes = frame(frame_type::headers, test::end_headers, 1, Octets(3));
    for (std::uint32_t count = 0; count < http2::window_update_allowance.each_request; ++count)
        bytes += frame(frame_type::window_update, 0, 1, test::u32(1));
    for (int count = 0; count < 1000; ++count) REQUIRE(take(watch, bytes, second) == SessionEnd::not_yet);
}

TEST_CASE("a head comes in few frames, and is not long when it is packed", "[frame_watch]") {
    const Octets first = frame(frame_type::headers, 0, 1, Octets(10)), next = frame(frame_type::continuation, 0, 1);
    FrameWatch watch(0);
    for (int head = 0; head < 100; ++head) {
        REQUIRE(take(watch, first, second) == SessionEnd::not_yet);
        for (std::uint32_t count = 0; count < http2::continuation_frames; ++count)
            REQUIRE(take(watch, next, second) == SessionEnd::not_yet);
    }
    CHECK(take(watch, next, second) == SessionEnd::continuations);

    FrameWatch long_one(0);
    CHECK(take(long_one, frame(frame_type::headers, 0, 1, Octets(16384)), second) == SessionEnd::not_yet);
    CHECK(take(long_one, frame(frame_type::continuation, 0, 1, Octets(16384)), second) == SessionEnd::not_yet);
    CHECK(take(long_one, frame(frame_type::continuation, 0, 1, Octets(1)), second) == SessionEnd::fields);
}

TEST_CASE("our own resets count with the peer's", "[frame_watch]") {
    FrameWatch watch(0);
    const Octets reset = frame(frame_type::rst_stream, 0, 1, test::u32(8));
    for (std::uint32_t count = 0; count < http2::reset_allowance.at_once / 2; ++count) {
        REQUIRE(take(watch, reset, second) == SessionEnd::not_yet);
        REQUIRE(watch.take_reset(second));
    }
    CHECK_FALSE(watch.take_reset(second));
    CHECK(take(watch, reset, second) == SessionEnd::resets);
}

TEST_CASE("in any pieces, behind a preface, it is the same", "[frame_watch]") {
    for (const std::size_t chunk : {1u, 2u, 7u, 9u, 10u, 1000u}) {
        FrameWatch watch(24);
        Octets bytes(24, 0);
        for (std::uint32_t count = 0; count <= http2::ping_allowance.at_once; ++count) {
            bytes += frame(frame_type::data, 0, 1, Octets(20, frame_type::ping));
            bytes += frame(frame_type::ping, 0, 0, Octets(8, 0xff));
        }
        SessionEnd end = SessionEnd::not_yet;
        std::size_t at = 0;
        for (; at < bytes.size() && end == SessionEnd::not_yet; at += chunk)
            end = take(watch, dns::Bytes(bytes).subspan(at, std::min(chunk, bytes.size() - at)), second);
        CHECK(end == SessionEnd::pings);
        CHECK(at + 8 + chunk > bytes.size());
    }
}

TEST_CASE("a header is read, without its reserved bit", "[frame_watch]") {
    FrameWatch watch(2);
    const Octets bytes = Octets{1, 2} + frame(frame_type::headers, 5, 0x80000003, Octets(70'000)) + Octets{9};
    dns::Bytes rest(bytes);
    const auto header = watch.advance(rest);
    REQUIRE(header);
    CHECK(header->length == 70'000);
    CHECK(header->type == frame_type::headers);
    CHECK(header->flags == 5);
    CHECK(header->stream == 3);
    CHECK(rest.size() == 70'001);
    CHECK_FALSE(watch.advance(rest));
    CHECK(rest.empty());
}

TEST_CASE("it knows whether a frame has begun", "[frame_watch]") {
    FrameWatch watch(0);
    const Octets bytes = frame(frame_type::data, 0, 1, Octets(3));
    CHECK_FALSE(watch.is_within_frame());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        take(watch, dns::Bytes(bytes).subspan(at, 1), second);
        CHECK(watch.is_within_frame() == (at + 1 != bytes.size()));
    }
}
