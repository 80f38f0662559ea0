// SPDX-License-Identifier: MIT
// A connection towards an upstream that is asked over HTTPS (RFC 8484): each query is a request on a stream of its own.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "upstreams/https_channel.hpp"
#include "upstreams/stream_link.hpp"

namespace dproxy::proxy {

class HttpsStream final : public StreamLink, private HttpsChannel::Events {
public:
    HttpsStream(Upstream& upstream, StreamCarrier& carrier, const StreamOwner& owner,
                std::unique_ptr<io::StreamFilter> filter);
    ~HttpsStream() override;

    int descriptor() const override { return channel_.descriptor(); }
    void release(Ticket ticket) override;

private:
    /// A ticket is the number of its stream among the client's, which are odd. A connection's life has less than fit.
    static Ticket ticket_of(http2::StreamId id) { return static_cast<Ticket>(id >> 1); }
    static http2::StreamId id_of(Ticket ticket) { return ticket * 2 + 1; }
    static_assert(queries_in_encrypted_life < 0x10000);

    Ticket draw_ticket() override { return ticket_of(channel_.next_id()); }
    void send(QueryIndex query, Ticket ticket) override;
    bool takes_more() const override;
    std::size_t queued_bytes() const override { return channel_.queued_bytes(); }
    bool is_connected() const override { return channel_.is_connected(); }
    void close_stream() override { channel_.close(); }
    void leave_stream() override { channel_.leave(); }
    void leave_open(Ticket ticket) override;

    void on_connected() override;
    void on_bytes(dns::Bytes bytes) override;
    void on_end(io::StreamEnd how, std::error_code error) override;

    /// It has nothing to do, and may not be asked.
    bool takes_nothing() const;
    /// What came is kept until the turn is over.
    void take_replies(std::vector<http2::Reply>& kept);
    void take(http2::Reply& reply);

    std::deque<Ticket> left_open_;  ///< given up, the oldest first; some have ended meanwhile
    bool is_known_ = false;         ///< something came: the server has said how many streams it takes
    bool has_told_ = false;         ///< what is wrong
    HttpsChannel channel_;
};

}  // namespace dproxy::proxy
