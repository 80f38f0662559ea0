// SPDX-License-Identifier: MIT
// HTTP/1.1 (RFC 9112), for clients and proxies that have no other: one request at a time, the next when it is answered.
#pragma once

#include <deque>
#include <memory>

#include "http/dns_request.hpp"
#include "http/server_session.hpp"

namespace dproxy::http {

/// `place` outlives it. No upgrade to another protocol, and no other content coding than chunked.
class Http1Session final : public ServerSession {
public:
    Http1Session(const Place& place, const net::Address& peer);
    ~Http1Session() override;

    void take(dns::Bytes from_client, std::uint64_t now_ns) override;
    bool wants_more() const override;
    void take_end() override;
    std::optional<Request> next_request() override;
    std::optional<RequestId> next_cancelled() override { return std::nullopt; }
    std::optional<Status> next_refused() override;
    std::size_t take_turned_away() override { return 0; }
    bool answer(RequestId id, dns::Bytes message) override;
    bool refuse(RequestId id, Status status) override;
    void fetch(std::vector<std::uint8_t>& to_client, std::size_t enough) override;
    void finish() override;
    State state() const override;
    SessionEnd end() const override { return end_; }
    std::size_t in_flight() const override { return awaited_ && !ready_ ? 1 : 0; }
    bool has_part_of_request() const override;
    std::size_t queued_bytes() const override { return output_.size() - fetched_; }
    std::size_t held_bytes() const override;

private:
    class Parser;

    std::size_t unread() const { return input_.size() - read_; }
    void advance();
    bool read_on();
    void complete();
    void give_up(Status status, SessionEnd end);
    void respond(const ResponseHead& head, dns::Bytes body);
    bool respond_to(RequestId id, const ResponseHead& head, dns::Bytes body);
    void close(SessionEnd end);

    const Place& place_;
    const net::Address peer_;
    std::unique_ptr<Parser> parser_;    ///< of the request that is being read
    std::vector<std::uint8_t> input_;
    std::size_t read_ = 0;              ///< of input_
    std::vector<std::uint8_t> output_;
    std::size_t fetched_ = 0;           ///< of output_
    RequestId last_id_ = 0;
    bool awaited_ = false;              ///< the answer to last_id_ is yet to come
    std::optional<Request> ready_;      ///< is the same, and was not fetched
    std::deque<Status> refused_;
    bool keep_alive_ = true;            ///< as the request at hand has it
    bool finishing_ = false;
    bool client_ended_ = false;
    SessionEnd end_ = SessionEnd::not_yet;
};

}  // namespace dproxy::http
