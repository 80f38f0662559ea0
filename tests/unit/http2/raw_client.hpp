// SPDX-License-Identifier: MIT
// A client that sends a server's session whatever bytes a test likes.
#pragma once

#include "frames.hpp"
#include "http2/server_session.hpp"

namespace dproxy::test {

inline const http::Place http2_place{"/dns-query", net::NetworkList({*net::Network::parse("10.0.0.0/8")})};

struct RawClient {
    http2::ServerSession session{http2_place, net::Address::v4(192, 0, 2, 1)};
    std::vector<std::uint8_t> received;
    std::uint64_t now_ns = 1'000'000'000;

    explicit RawClient(const Octets& beginning = client_beginning()) { send(beginning); }

    void send(const Octets& bytes) {
        session.take(bytes, now_ns);
        session.fetch(received, std::size_t(-1));
    }
    bool is_open() const { return session.state() == http::ServerSession::State::open; }
    /// 0 where there is none.
    http::RequestId request() {
        const auto found = session.next_request();
        return found ? found->id : 0;
    }
    unsigned refused() {
        const auto status = session.next_refused();
        return status ? static_cast<unsigned>(*status) : 0;
    }
    void answer(http::RequestId id, std::size_t length = 12) {
        session.answer(id, Octets(length, 0));
        session.fetch(received, std::size_t(-1));
    }
    /// What came since the last call.
    std::vector<Frame> frames() {
        const auto found = frames_of(received);
        received.clear();
        return found;
    }
    long goaway() const { return error_of(received, frame_type::goaway); }
    long reset() const { return error_of(received, frame_type::rst_stream); }
    /// So many of these, until the session ends. How many it took.
    std::size_t flood(const Octets& bytes, std::size_t most = 100'000) {
        std::size_t count = 0;
        while (count < most && session.end() == http::SessionEnd::not_yet) send(bytes), ++count;
        return count;
    }
};

inline constexpr long enhance_your_calm = 11, protocol_error = 1, refused_stream = 7;

}  // namespace dproxy::test
