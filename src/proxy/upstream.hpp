// SPDX-License-Identifier: MIT
// One upstream as one worker sees it: its sockets, its connections, its usual reply time, its counters.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "io/datagram_batch.hpp"
#include "io/random_ids.hpp"
#include "proxy/client_streams.hpp"
#include "proxy/limits.hpp"
#include "proxy/link.hpp"
#include "proxy/publication.hpp"
#include "proxy/upstream_streams.hpp"
#include "routing/query_plan.hpp"
#include "routing/reply_quantile.hpp"
#include "routing/reply_time.hpp"
#include "routing/upstream_choice.hpp"

namespace boost::asio {
class io_context;
}

namespace dproxy::proxy {

class UpstreamSocket;
class UpstreamStream;

/// What upstream links tell the relay.
class LinkEvents {
public:
    /// First in every handler: the time is read once for all that comes in it.
    virtual void on_turn() = 0;
    /// Last in every handler: what was queued leaves in batches.
    virtual void flush() = 0;
    /// A message came under an ID that is in use. Whether it is the reply is the relay's to check.
    virtual void on_reply(QueryIndex query, Link& link, dns::MutableBytes reply) = 0;
    /// The attempts of this query on this link have come to nothing.
    virtual void on_link_failure(QueryIndex query, Link& link, telemetry::Failure failure) = 0;
    /// The query lay on a kept connection that closed before any reply: to be sent again, uncounted.
    virtual void on_stale_stream(QueryIndex query, Link& link) = 0;
    /// A connection can take another query: one that waited may be sent.
    virtual void on_stream_free(Upstream& upstream) = 0;

protected:
    ~LinkEvents() = default;
};

/// What all upstreams of a worker share. Owned by the relay.
struct UpstreamContext {
    boost::asio::io_context& io;
    InFlightTable& queries;
    telemetry::WorkerCounters& counters;
    LinkEvents& events;
    io::RandomIds random;
    io::ReceiveBatch received;
    io::SendBatch to_send;
    std::vector<UpstreamSocket*> sockets_to_flush;
    std::uint64_t now_ns = 0;  ///< of the turn at hand
    ClientStreams client_streams;
    std::array<routing::Candidate, max_candidates> candidates{};  ///< of the choice at hand
};

/// One thread. Outlives every attempt made through it.
class Upstream {
public:
    Upstream(UpstreamContext& context, const UpstreamSpec& spec);
    ~Upstream();
    Upstream(const Upstream&) = delete;
    Upstream& operator=(const Upstream&) = delete;

    const UpstreamSpec& spec() const { return spec_; }
    telemetry::UpstreamCounters& counters() { return context_.counters.upstream(spec_.slot); }
    const routing::ReplyTime& reply_time() const { return reply_time_; }
    const routing::ReplyQuantile& reply_quantile() const { return reply_quantile_; }
    UpstreamContext& context() { return context_; }
    std::uint32_t inflight() const { return inflight_; }

    enum class Sent : std::uint8_t { yes, waits, no };
    /// Sends the query's stored message as one attempt, which is filled in. By another link than
    /// `avoid` where one can be had. `waits`: all streams are busy, on_stream_free() comes later.
    Sent send(QueryIndex query, Attempt& attempt, bool over_tcp, const Link* avoid);
    /// The next query that waits for a stream, if it still does.
    QueryIndex next_waiting() { return streams_.next_waiting(); }

    /// A reply came from it: it is alive.
    void heard();
    /// A message came that nobody waits for any more. It counts where it looks like a reply.
    void heard_late(dns::Bytes message);
    std::uint64_t last_heard_ns() const { return last_heard_ns_; }
    /// A reply came this long after the attempt it belongs to.
    void replied(std::uint64_t taken_ns);
    /// An attempt ran out of time with no response from it since: the prober may look at once.
    void overdue();
    /// The query of an open attempt has come to its end: the reply, if one comes, is not waited for.
    void left_open(std::uint64_t open_for_ns) { reply_quantile_.observe(open_for_ns); }
    /// A query has come to its end without a reply from it although its attempt was out of time.
    void timed_out();
    /// Several attempts in a row ran out of time and nothing has come since: where another upstream is up, that
    /// one is better asked. No judgement: it is not down.
    bool is_silent();
    bool is_up() const { return spec_.health->up.load(std::memory_order_relaxed); }
    /// Down, but a query may be risked to find out whether it still is.
    bool may_try() const { return context_.now_ns - tried_ns_ >= trial_interval_ns; }
    void note_trial() { tried_ns_ = context_.now_ns; }
    void attempt_opened() {
        ++inflight_;
        counters().inflight.add();
    }
    void attempt_closed() {
        --inflight_;
        counters().inflight.subtract();
    }

    /// Each second: sockets that are old or idle go.
    void maintain();
    /// A socket's owner calls it back: no replies are waited for on a retired socket, or a stream ended.
    void discard(UpstreamSocket& socket);
    void discard(UpstreamStream& stream) { streams_.discard(stream); }
    /// A connection closed with queries unanswered: one query at a time for a while.
    void ask_one_at_a_time() { one_at_a_time_until_ns_ = context_.now_ns + one_at_a_time_ns; }
    std::size_t queries_for_each_stream() const {
        return context_.now_ns < one_at_a_time_until_ns_ ? 1 : queries_per_stream;
    }
    /// At most once a second, `socket` is taken out of use.
    void replace(UpstreamSocket& socket);

    // The generations of pools that name this upstream; it may go when none is left.
    std::uint32_t generations = 0;

private:
    UpstreamSocket* socket_for(const Link* avoid);
    UpstreamSocket* open_socket();
    void retire(std::size_t index);

    UpstreamContext& context_;
    UpstreamSpec spec_;
    routing::ReplyTime reply_time_;
    routing::ReplyQuantile reply_quantile_;
    std::uint32_t inflight_ = 0;
    std::uint64_t last_heard_ns_ = 0;
    std::uint64_t asked_ns_ = 0;     ///< when the first query since then was sent; 0: none was
    std::uint32_t overdue_ = 0;      ///< attempts out of time since then
    std::uint64_t overdue_ns_ = 0;   ///< when the last of them was
    std::uint64_t reported_ns_ = 0;  ///< when it was last said that it is alive
    std::uint64_t tried_ns_ = 0;

    std::vector<std::unique_ptr<UpstreamSocket>> sockets_;
    std::vector<std::unique_ptr<UpstreamSocket>> retired_;  ///< read until their queries end
    std::size_t rotation_ = 0;
    std::uint64_t rotated_ns_ = 0;
    std::uint64_t replaced_ns_ = 0;

    UpstreamStreams streams_;
    std::uint64_t one_at_a_time_until_ns_ = 0;
};

}  // namespace dproxy::proxy
