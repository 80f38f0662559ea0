// SPDX-License-Identifier: MIT
#include "upstreams/upstream_stream.hpp"

#include <algorithm>
#include <utility>

#include "dns/hop_options.hpp"
#include "queries/turn.hpp"
#include "upstreams/limits.hpp"
#include "upstreams/stream_carrier.hpp"
#include "upstreams/upstream.hpp"

namespace dproxy::proxy {

using telemetry::Drop;
using telemetry::Failure;
using telemetry::Side;

namespace {

constexpr LinkTraits stream_traits{.is_stream = true, .most_at_once = queries_per_stream};

}  // namespace

UpstreamStream::UpstreamStream(Upstream& upstream, StreamCarrier& carrier, const StreamOwner& owner,
                               std::unique_ptr<io::StreamFilter> filter)
    : Link(upstream, stream_traits),
      carrier_(carrier),
      owner_(owner),
      last_used_ns_(upstream.context().now_ns),
      old_at_ns_(last_used_ns_ + socket_age_ns + (socket_age_jitter_ns * upstream.context().random.next() >> 16)),
      handshake_(upstream.context().counters, filter.get()),
      stream_(upstream.context().io, upstream.spec().key.endpoint, owner_.header(), *this, upstream.context().meter,
              std::move(filter)) {
    pending_.reserve(traits().most_at_once);
    if (owner_.client_serial != 0) upstream.context().client_streams.add(owner_.client_serial, *this);
    upstream.context().counters.tcp_connections[Side::upstream].add();
}

UpstreamStream::~UpstreamStream() { close(); }

void UpstreamStream::close() {
    if (!ended_) handshake_.given_up(stream_.is_connected());
    stream_.close();
    if (std::exchange(ended_, true)) return;
    if (owner_.client_serial != 0) upstream().context().client_streams.remove(owner_.client_serial, *this);
    upstream().context().counters.tcp_connections[Side::upstream].subtract();
}

bool UpstreamStream::has_room(bool one_at_a_time) const {
    if (is_draining() || pending_.size() >= (one_at_a_time ? 1 : traits().most_at_once)) return false;
    const UpstreamContext& context = upstream().context();
    const bool much_lies = context.meter->held() > context.max_upstream_bytes;
    return stream_.queued_bytes() <= (much_lies ? 0 : stream_queue_bytes);
}

std::vector<UpstreamStream::Pending>::iterator UpstreamStream::find(Ticket id) {
    return std::find_if(pending_.begin(), pending_.end(), [id](const Pending& one) { return one.id == id; });
}

void UpstreamStream::queue(QueryIndex query, Attempt& attempt) {
    UpstreamContext& context = upstream().context();
    Ticket id;
    do {
        id = context.random.next();
    } while (find(id) != pending_.end());
    pending_.push_back({id, query, replies_});  // there is room, see the constructor
    attempt.link = this;
    attempt.ticket = id;
    ++asked_;
    last_used_ns_ = context.now_ns;
    stream_.send(message_to_send(query, id));
}

dns::Bytes UpstreamStream::message_to_send(QueryIndex query, Ticket id) {
    UpstreamContext& context = upstream().context();
    // The bytes are copied by who sends: a further attempt writes its own ID to the stored message.
    const auto message = context.queries.message(query);
    dns::set_id(message, id);
    if (!handshake_.is_encrypted()) return message;
    context.padded.resize(message.size() + 2 * dns::query_padding_block);
    const std::size_t length = dns::write_padded(message, context.padded);
    return length == 0 ? dns::Bytes(message) : dns::Bytes(context.padded).first(length);
}

void UpstreamStream::release(Ticket id) {
    const auto found = find(id);
    if (found == pending_.end()) return;
    carrier_.holdings().leave(network_of(upstream().context().queries[found->query].client));
    pending_.erase(found);
    last_used_ns_ = upstream().context().now_ns;
}

std::vector<QueryIndex> UpstreamStream::waiting() const {
    std::vector<QueryIndex> queries;
    for_each_query([&](QueryIndex query) { queries.push_back(query); });
    return queries;
}

bool UpstreamStream::may_go() const {
    const std::uint64_t idle_ns = upstream().context().now_ns - last_used_ns_;
    const std::uint64_t usual_ns = !handshake_.is_encrypted() ? stream_idle_ns
                                   : is_open()               ? encrypted_idle_ns
                                                             : handshake_patience_ns;
    const std::uint64_t limit_ns = owner_.outlives_client() ? udp_client_stream_idle_ns : usual_ns;
    return is_idle() && (is_draining() || client_gone_ || idle_ns > limit_ns);
}

bool UpstreamStream::is_old() const {
    return handshake_.is_encrypted() && (upstream().context().now_ns >= old_at_ns_ || asked_ >= life() / 2);
}

void UpstreamStream::on_connected() {
    const Turn turn(upstream().context().events);
    handshake_.opened();
    carrier_.has_opened();
}

void UpstreamStream::on_messages(io::MessageStream::Incoming& incoming) {
    const Turn turn(upstream().context().events);
    while (const auto message = incoming.next()) take(*message);
    carrier_.has_served(*this);
}

void UpstreamStream::take(dns::MutableBytes message) {
    UpstreamContext& context = upstream().context();
    if (message.size() < dns::header_length) {
        context.counters.dropped[Drop::reply_malformed].add();
        return;
    }
    const Ticket id = dns::id_of(message);
    const auto found = find(id);
    const QueryIndex query = found == pending_.end() ? no_query : found->query;
    if (query == no_query) context.counters.dropped[Drop::reply_unexpected].add();
    if (query != no_query && context.events.on_reply(query, *this, id, message)) {
        ++replies_;
    } else if (take_late(message)) {
        heard(context.now_ns);
        upstream().heard();
    }
}

void UpstreamStream::on_end(io::StreamEnd end, std::error_code error) {
    const Turn turn(upstream().context().events);
    const Failure failure = handshake_.ended(end, error, stream_.is_connected());
    if (failure == Failure::tls) {
        upstream().context().encryption_failures.push_back({upstream().spec().serial, handshake_.fault()});
        if (!is_open() && handshake_.would_fail_again()) carrier_.pause_handshakes();
    }
    if (!report_unanswered(failure)) carrier_.ask_one_at_a_time();
    carrier_.has_ended(*this);
}

bool UpstreamStream::report_unanswered(Failure failure) {
    // A server that answered and closed, or was sent several queries at once, may just be one that does no more
    // for a connection: what is unanswered has had no chance with it, and the next connection carries less.
    // Not one that ends it as its encryption demands: it would do so again.
    const bool may_be_better = is_open() && (replies_ > 0 || failure != Failure::tls);
    const bool no_attempt = may_be_better && (replies_ > 0 || pending_.size() > 1);
    const auto kind = no_attempt ? LinkReport::Kind::stale : LinkReport::Kind::failed;
    bool several_at_once = true;
    for (const Pending& one : pending_) {
        // Closing an idle connection is the server's right; it crossed with our query (RFC 7766 6.2.4).
        const bool crossed = one.replies_before > 0 && one.replies_before == replies_;
        // One that has answered so many takes several at a time; it only has a limit for a connection's life.
        if (may_be_better && !crossed && replies_ < replies_of_a_good_stream) several_at_once = false;
        if (no_attempt && !crossed) upstream().counters().failures[failure].add();
        upstream().context().reports.push_back({kind, failure, one.id, one.query, this});
    }
    return several_at_once;
}

}  // namespace dproxy::proxy
