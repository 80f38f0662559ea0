// SPDX-License-Identifier: MIT
// One connection towards an upstream, kept and shared by queries (RFC 7766 6.2.1): of all clients, or with the PROXY
// protocol of one. What is so of it whatever it speaks; how messages go by it, its heirs know.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "io/stream_end.hpp"
#include "io/stream_filter.hpp"
#include "upstreams/limits.hpp"
#include "upstreams/link.hpp"
#include "upstreams/link_reports.hpp"
#include "upstreams/stream_owner.hpp"
#include "upstreams/upstream_handshake.hpp"

namespace dproxy::proxy {

class StreamCarrier;

/// Made by its carrier, and closed by it. An heir closes it when it is destroyed.
class StreamLink : public Link {
public:
    const StreamOwner& owner() const { return owner_; }
    StreamCarrier& carrier() const { return carrier_; }
    /// For one more, beside others unless it is to carry them one at a time.
    bool has_room(bool one_at_a_time) const;
    /// Nothing new is sent by it: it goes when its queries have ended.
    bool is_draining() const { return ended_ || retired_ || is_suspect() || has_done_its_share(); }
    /// Nothing more is sent by it: another one has taken its place, or the server takes no more.
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
    /// Sends the query's stored message. has_room() holds.
    void queue(QueryIndex query, Attempt& attempt);

    template <typename Visit>
    void for_each_query(const Visit& visit) const {
        for (const Pending& one : pending_) visit(one.query);
    }

    void release(Ticket ticket) override;
    std::vector<QueryIndex> waiting() const override;

    /// The client whose connection it was is gone: it goes when its last query has ended.
    void note_client_gone() { client_gone_ = true; }
    /// Ends the connection: nothing comes of it any more.
    void close();
    /// The same, of one that has not ended; the server is told where its protocol has a word for it. Throws nothing.
    void leave();
    /// Nothing waits on it, and its client is gone, or it has been idle for long, has done its share or brought no
    /// reply in time.
    bool may_go() const;

protected:
    /// `filter`: the connection's; null where it is not encrypted.
    StreamLink(Upstream& upstream, StreamCarrier& carrier, const LinkTraits& traits, const StreamOwner& owner,
               const io::StreamFilter* filter);

    /// By which the next query is known here and to the heir.
    virtual Ticket draw_ticket() = 0;
    /// The query's stored message is to leave under that ticket.
    virtual void send(QueryIndex query, Ticket ticket) = 0;
    /// As far as its protocol says.
    virtual bool takes_more() const { return true; }
    virtual std::size_t queued_bytes() const = 0;
    virtual bool is_connected() const = 0;
    virtual void close_stream() = 0;
    virtual void leave_stream() { close_stream(); }

    /// It can be asked by from now on.
    void opened();
    bool has_ended() const { return ended_; }
    std::size_t count() const { return pending_.size(); }
    bool is_waited_for(Ticket ticket) const { return find(ticket) != nullptr; }
    /// A reply came under that ticket. False: it does not fit what was asked, nor was it given up.
    bool take(Ticket ticket, dns::MutableBytes message);
    /// The attempt, where it is still waited for, has come to nothing.
    void report(LinkReport::Kind kind, telemetry::Failure failure, Ticket ticket);
    /// The connection has ended.
    void end(io::StreamEnd how, std::error_code error);
    /// The same, by us. `would_fail_again`: and so would the next one.
    void end(telemetry::Failure failure, bool would_fail_again);
    /// What the operator should know.
    void tell(std::string fault);
    /// The query's stored message under this ID, with what it has towards this upstream only: until the next call.
    dns::Bytes message_to_send(QueryIndex query, std::uint16_t id);

private:
    struct Pending {
        Ticket ticket;
        QueryIndex query;
        std::uint64_t replies_before;
        bool is_told = false;  ///< what became of it
    };

    std::uint32_t life() const {
        return handshake_.is_encrypted() ? queries_in_encrypted_life : queries_in_stream_life;
    }
    bool has_done_its_share() const { return asked_ >= life(); }
    dns::Bytes make_message(QueryIndex query, std::uint16_t id);
    Pending* find(Ticket ticket);
    const Pending* find(Ticket ticket) const { return const_cast<StreamLink*>(this)->find(ticket); }
    /// Of what waits on it when it ends. False where that says that it takes one query at a time.
    bool report_unanswered(telemetry::Failure failure);

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
};

}  // namespace dproxy::proxy
