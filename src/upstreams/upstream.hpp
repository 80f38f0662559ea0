// SPDX-License-Identifier: MIT
// One upstream as one worker sees it: what is so of the server whatever it is asked by, and a carrier for each way to
// ask it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "publication/publication.hpp"
#include "routing/reply_quantile.hpp"
#include "routing/reply_time.hpp"
#include "upstreams/carrier.hpp"
#include "upstreams/datagram_carrier.hpp"
#include "upstreams/limits.hpp"
#include "upstreams/link.hpp"
#include "upstreams/signs_of_life.hpp"
#include "upstreams/upstream_context.hpp"

namespace dproxy::proxy {

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
    bool is_encrypted() const { return routing::is_encrypted(spec_.key.protocol); }
    /// What a further connection is encrypted by; null where it is not to be, or must not be made as is_encrypted().
    std::unique_ptr<io::StreamFilter> make_filter() { return filters_ ? filters_->make() : nullptr; }
    /// How the metrics call the way that an attempt goes.
    telemetry::UpstreamTransport transport(bool over_stream) const;
    std::uint32_t inflight() const { return inflight_; }

    /// A reload: the same upstream, but for what its routes say of it (slot, health, probe). Its gauges move to the
    /// new slot.
    void adopt(const UpstreamSpec& spec);
    /// No route of the table in force names it any more: what it has yet to count, it counts among the others.
    void leave_slot();

    /// Sends the query's stored message as one attempt, which is filled in. By another link than
    /// `avoid` where one can be had.
    Sending send(QueryIndex query, Attempt& attempt, bool over_stream, Link* avoid);
    /// After `full`: the query waits for a connection.
    Sending wait(QueryIndex query, Link* avoid) { return streams().wait(query, avoid); }
    /// After `full`: the queries on connections that are to end, so that this one need not wait.
    std::vector<QueryIndex> who_gives_way_to(QueryIndex query) { return streams().who_gives_way_to(query); }
    /// The next query that waits for a connection and can have one; it waits no longer.
    QueryIndex next_waiting() { return streams_ ? streams_->next_waiting() : no_query; }
    bool any_waiting() const { return streams_ && streams_->any_waiting(); }
    void stop_waiting(QueryIndex query) {
        if (streams_) streams_->stop_waiting(query);
    }

    /// It answers without the client's network (EDNS Client Subnet) what it refuses with it.
    void note_refuses_subnet() { no_subnet_until_ns_ = context_.now_ns + no_subnet_ns; }
    bool refuses_subnet() const { return context_.now_ns < no_subnet_until_ns_; }
    /// It answers BADCOOKIE over UDP (RFC 7873 5.2.3).
    void note_insists_on_cookies() { stream_until_ns_ = context_.now_ns + insists_on_cookies_ns; }
    bool insists_on_cookies() const { return context_.now_ns < stream_until_ns_; }

    /// A reply came from it: it is alive.
    void heard() { signs_.heard(context_.now_ns); }
    /// A reply came this long after the attempt it belongs to, to a query of this type.
    void replied(std::uint64_t taken_ns, std::uint16_t type);
    /// The attempt ran out of time, for the first time. Links by which nothing comes are taken out of use; with no
    /// response since from the upstream at all, the prober may look at once.
    void overdue(const Attempt& attempt, std::uint16_t type);
    /// The network said no to an attempt.
    void refused(std::uint16_t type) { signs_.refused(type, context_.now_ns); }
    /// The query of an open attempt has come to its end: the reply, if one comes, is not waited for.
    void left_open(std::uint64_t open_for_ns) { reply_quantile_.observe(open_for_ns); }
    /// A query has come to its end without a reply from it although its attempt was out of time.
    void timed_out(std::uint16_t type);
    void attempt_opened() {
        ++inflight_;
        counters().inflight.add();
    }
    void attempt_closed() {
        --inflight_;
        counters().inflight.subtract();
    }

    // See SignsOfLife.
    bool is_silent() { return signs_.is_silent(); }
    bool is_up() const { return signs_.is_up(); }
    std::uint64_t last_sign_ns() const { return signs_.last_ns(); }
    bool may_risk(const net::Address& client) const { return signs_.may_risk(client, context_.now_ns); }
    bool may_risk_beside_others(const net::Address& client) const {
        return signs_.may_risk_beside_others(client, context_.now_ns);
    }
    void note_risk(const net::Address& client) { signs_.note_risk(client, context_.now_ns); }

    /// Each second: sockets and connections that are old or idle go, and encrypted ones are opened ahead.
    void maintain();

    // The generations of pools that name this upstream; it may go when none is left.
    std::uint32_t generations = 0;

private:
    Carrier& streams();

    UpstreamContext& context_;
    UpstreamSpec spec_;
    routing::ReplyTime reply_time_;
    routing::ReplyQuantile reply_quantile_;
    std::uint32_t inflight_ = 0;
    std::uint64_t no_subnet_until_ns_ = 0;
    std::uint64_t stream_until_ns_ = 0;
    SignsOfLife signs_{spec_};
    std::unique_ptr<io::PeerFilters> filters_;  ///< null: not encrypted
    // By value and of its own type: most queries go this way, and pay for no call that the compiler cannot see through.
    DatagramCarrier datagrams_;
    std::unique_ptr<Carrier> streams_;  ///< null: it was never asked so
};

}  // namespace dproxy::proxy
