// SPDX-License-Identifier: MIT
// One TCP connection towards an upstream, kept and shared by queries (RFC 7766 6.2.1): of all clients, or with
// the PROXY protocol of one.
#pragma once

#include <vector>

#include "io/message_stream.hpp"
#include "upstreams/link.hpp"
#include "upstreams/limits.hpp"
#include "upstreams/stream_owner.hpp"
#include "upstreams/upstream_handshake.hpp"

namespace dproxy::proxy {

class StreamCarrier;

class UpstreamStream final : public Link, private io::MessageStream::Events {
public:
    /// `filter`: null where it is not encrypted.
    UpstreamStream(Upstream& upstream, StreamCarrier& carrier, const StreamOwner& owner,
                   std::unique_ptr<io::StreamFilter> filter = nullptr);
    ~UpstreamStream() override;

    const StreamOwner& owner() const { return owner_; }
    StreamCarrier& carrier() const { return carrier_; }
    /// For one more, beside others unless it is to carry them one at a time.
    bool has_room(bool one_at_a_time) const;
    int descriptor() const { return stream_.descriptor(); }
    /// Nothing new is sent by it: it goes when its queries have ended.
    bool is_draining() const { return ended_ || retired_ || is_suspect() || has_done_its_share(); }
    /// Nothing more is sent by it: another one has taken its place.
    void retire() { retired_ = true; }
    /// Of an encrypted one: it is to be replaced before it is at its end.
    bool is_old() const;
    bool is_open() const { return handshake_.is_open(); }
    bool is_idle() const { return pending_.empty(); }
    /// Nothing waits on it, and it has done its share.
    bool is_done() const { return is_idle() && has_done_its_share(); }
    std::uint64_t last_used_ns() const { return last_used_ns_; }
    /// A reply has come on it, and more may.
    bool has_served() const { return replies_ > 0 && !ended_ && !is_suspect(); }
    /// It lives, and no reply has ever come on it.
    bool is_unserved() const { return replies_ == 0 && !ended_; }
    /// Sends the query's stored message under a fresh ID. has_room() holds.
    void queue(QueryIndex query, Attempt& attempt);

    template <typename Visit>
    void for_each_query(const Visit& visit) const {
        for (const Pending& one : pending_) visit(one.query);
    }

    void release(Ticket id) override;
    std::vector<QueryIndex> waiting() const override;

    /// The client whose connection it was is gone: it goes when its last query has ended.
    void note_client_gone() { client_gone_ = true; }
    /// Ends the connection: nothing comes of it any more.
    void close();
    /// Nothing waits on it, and its client is gone, or it has been idle for long, has done its share or brought no
    /// reply in time.
    bool may_go() const;

private:
    std::uint32_t life() const {
        return handshake_.is_encrypted() ? queries_in_encrypted_life : queries_in_stream_life;
    }
    bool has_done_its_share() const { return asked_ >= life(); }
    struct Pending {
        Ticket id;
        QueryIndex query;
        std::uint64_t replies_before;
    };
    std::vector<Pending>::iterator find(Ticket id);
    /// The query's stored message, under its ID, with what it has towards this upstream only.
    dns::Bytes message_to_send(QueryIndex query, Ticket id);
    /// Of what waits on it when it ends. False where that says that it takes one query at a time.
    bool report_unanswered(telemetry::Failure failure);

    void on_connected() override;
    void on_messages(io::MessageStream::Incoming& incoming) override;
    void take(dns::MutableBytes message);
    void on_end(io::StreamEnd end, std::error_code error) override;

    StreamCarrier& carrier_;
    const StreamOwner owner_;
    std::vector<Pending> pending_;
    std::uint64_t replies_ = 0;
    std::uint32_t asked_ = 0;  ///< queries in its life
    std::uint64_t last_used_ns_;
    std::uint64_t old_at_ns_;
    bool client_gone_ = false;
    bool ended_ = false;
    bool retired_ = false;
    UpstreamHandshake handshake_;
    io::MessageStream stream_;
};

}  // namespace dproxy::proxy
