// SPDX-License-Identifier: MIT
// A client that asks over HTTP/2 (RFC 9113, RFC 8484): each stream is a question and its answer.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "http/dns_request.hpp"
#include "http/server_session.hpp"
#include "http2/connection.hpp"
#include "net/address.hpp"

namespace dproxy::http2 {

/// `place` outlives it. No push, no extension.
class ServerSession final : public http::ServerSession, private Connection::Events {
public:
    ServerSession(const http::Place& place, const net::Address& peer);
    ~ServerSession() override;

    void take(dns::Bytes from_client, std::uint64_t now_ns) override;
    /// While it is open: what holds answers up is a window that only the client's frames open.
    bool wants_more() const override { return state() != State::ended && !client_ended_; }
    void take_end() override;
    std::optional<http::Request> next_request() override;
    std::optional<http::RequestId> next_cancelled() override;
    std::optional<http::Status> next_refused() override;
    std::size_t take_turned_away() override { return std::exchange(turned_away_, 0); }
    bool answer(http::RequestId id, dns::Bytes message) override;
    bool refuse(http::RequestId id, http::Status status) override;
    void fetch(std::vector<std::uint8_t>& to_client, std::size_t enough) override;
    void finish() override;
    State state() const override;
    http::SessionEnd end() const override { return end_; }
    std::size_t in_flight() const override;
    bool has_part_of_request() const override;
    std::size_t queued_bytes() const override;
    std::size_t held_bytes() const override;

private:
    struct Stream;

    void* on_opened(StreamId id) override;
    void on_field(void* stream, std::string_view name, std::string_view value) override;
    void on_head(void* stream) override;
    void on_body(void* stream, dns::Bytes piece) override;
    void on_said(void* stream) override;
    void on_closed(void* stream, std::uint32_t code) override;
    void on_ping_answered() override;
    void on_resets() override { end(http::SessionEnd::resets); }

    std::size_t unfinished_bytes() const;
    Stream* awaited(http::RequestId id) const;
    void refuse(Stream& stream);
    void end(http::SessionEnd why);

    const http::Place& place_;
    const net::Address peer_;
    Connection connection_;
    std::vector<std::unique_ptr<Stream>> streams_;  ///< at most concurrent_streams; not in order
    // Vectors, as each of their many connections has them: an empty deque takes half a kilobyte.
    std::vector<StreamId> whole_;  ///< those whose request was not fetched, the oldest first
    std::vector<http::RequestId> cancelled_;
    std::vector<http::Status> refused_;
    std::size_t turned_away_ = 0;
    bool announced_ = false;  ///< the client was told that we want to end
    bool said_last_ = false;  ///< and no stream comes after that
    bool client_ended_ = false;
    http::SessionEnd end_ = http::SessionEnd::not_yet;
};

}  // namespace dproxy::http2
