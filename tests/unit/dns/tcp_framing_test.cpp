// SPDX-License-Identifier: MIT
#include "dns/tcp_framing.hpp"

#include <algorithm>

#include "catch.hpp"
#include "support/packets.hpp"

using namespace dproxy::dns;
namespace packet = dproxy::test;
using packet::Octets;

namespace {

/// Feeds `stream` in chunks of at most `chunk` bytes and collects the messages.
std::vector<Octets> feed(StreamFramer& framer, const Octets& stream, std::size_t chunk,
                         std::size_t* highest = nullptr) {
    std::vector<Octets> messages;
    for (std::size_t at = 0; at < stream.size();) {
        const auto space = framer.space();
        REQUIRE(!space.empty());
        const auto count = std::min({chunk, space.size(), stream.size() - at});
        std::copy_n(stream.begin() + static_cast<std::ptrdiff_t>(at), count, space.begin());
        framer.commit(count);
        at += count;
        while (const auto message = framer.next()) messages.emplace_back(message->begin(), message->end());
        if (highest) *highest = std::max(*highest, framer.capacity());
    }
    return messages;
}

Octets message_of(std::size_t length, std::uint8_t seed) {
    Octets octets(length);
    for (auto& byte : octets) byte = seed++;
    return octets;
}

}  // namespace

TEST_CASE("messages come out as they went in, however the stream is cut", "[dns]") {
    const std::vector<Octets> sent = {message_of(1, 1),    message_of(12, 2),  message_of(2046, 3),
                                      message_of(2047, 4), message_of(300, 5), message_of(9000, 6),
                                      message_of(1, 7),    message_of(5000, 8)};
    Octets stream;
    for (const auto& message : sent) stream += packet::framed(message);
    for (const std::size_t chunk : {1u, 2u, 3u, 7u, 100u, 2048u, 100000u}) {
        StreamFramer framer;
        INFO(chunk);
        CHECK(feed(framer, stream, chunk) == sent);
        CHECK_FALSE(framer.failed());
        CHECK_FALSE(framer.has_unread());
    }
}

TEST_CASE("a message in one chunk is handed out where it was received", "[dns]") {
    StreamFramer framer;
    const auto space = framer.space();
    const auto framed = packet::framed(message_of(100, 1));
    std::copy(framed.begin(), framed.end(), space.begin());
    framer.commit(framed.size());
    const auto message = framer.next();
    REQUIRE(message);
    CHECK(message->data() == space.data() + 2);
    CHECK(message->size() == 100);
    CHECK_FALSE(framer.next());
}

TEST_CASE("a framer holds nothing before it is used, and little between small messages", "[dns]") {
    StreamFramer framer;
    CHECK(framer.capacity() == 0);
    CHECK_FALSE(framer.next());
    std::size_t highest = 0;
    for (int round = 0; round < 100; ++round) feed(framer, packet::framed(message_of(500, 1)), 700, &highest);
    CHECK(highest == StreamFramer::resting_capacity);
}

TEST_CASE("the longest message fits, and its buffer is given back", "[dns]") {
    StreamFramer framer;
    std::size_t highest = 0;
    const auto longest = message_of(max_message_length, 9);
    const auto messages = feed(framer, packet::framed(longest), 1400, &highest);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0] == longest);
    CHECK(highest == StreamFramer::max_capacity);
    framer.space();
    CHECK(framer.capacity() == StreamFramer::resting_capacity);
}

TEST_CASE("an announced length costs nothing before its bytes come", "[dns]") {
    StreamFramer framer;
    feed(framer, {0xff, 0xff, 1, 2, 3}, 100);
    framer.space();
    CHECK(framer.capacity() == StreamFramer::resting_capacity);
    CHECK(framer.has_unread());
    feed(framer, Octets(StreamFramer::resting_capacity - 5, 1), 10000);
    framer.space();
    CHECK(framer.capacity() == 2 * StreamFramer::resting_capacity);
}

TEST_CASE("half a length is unread", "[dns]") {
    StreamFramer framer;
    CHECK(feed(framer, {0}, 1).empty());
    CHECK(framer.has_unread());
    CHECK(feed(framer, {1, 42}, 1) == std::vector<Octets>{{42}});
    CHECK_FALSE(framer.has_unread());
}

TEST_CASE("a length of zero ends the stream", "[dns]") {
    StreamFramer framer;
    auto stream = packet::framed({1, 2, 3});
    stream += Octets{0, 0};
    stream += packet::framed({4, 5, 6});
    CHECK(feed(framer, stream, 1000) == std::vector<Octets>{{1, 2, 3}});
    CHECK(framer.failed());
    CHECK(feed(framer, packet::framed({7}), 1000).empty());
    CHECK(framer.failed());
    CHECK_FALSE(framer.has_unread());
}
