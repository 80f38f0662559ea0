// SPDX-License-Identifier: MIT
// Held by tests/unit/upstreams/upstream_stream_test.cpp and tests/unit/upstreams/https_stream_test.cpp.
#include "upstreams/stream_link.hpp"

#include <algorithm>
#include <utility>

#include "dns/hop_options.hpp"
#include "upstreams/stream_carrier.hpp"
#include "upstreams/upstream.hpp"
#include "upstreams/upstream_tap.hpp"

namespace dproxy::proxy {

using telemetry::Drop;
using telemetry::Failure;
using telemetry::Side;

StreamLink::StreamLink(Upstream& upstream, StreamCarrier& carrier, const LinkTraits& traits, const StreamOwner& owner,
                       const io::StreamFilter* filter)
    : Link(upstream, traits),
      carrier_(carrier),
      owner_(owner),
      last_used_ns_(upstream.context().now_ns),
      old_at_ns_(last_used_ns_ + socket_age_ns + (socket_age_jitter_ns * upstream.context().random.next() >> 16)),
      handshake_(upstream.context().counters, filter) {
    pending_.reserve(traits.most_at_once);
    if (owner_.client_serial != 0) upstream.context().client_streams.add(owner_.client_serial, *this);
    upstream.context().counters.tcp_connections[Side::upstream].add();
}

void StreamLink::close() {
    if (!ended_) handshake_.given_up(is_connected());
    close_stream();
    if (std::exchange(ended_, true)) return;
    if (owner_.client_serial != 0) upstream().context().client_streams.remove(owner_.client_serial, *this);
    upstream().context().counters.tcp_connections[Side::upstream].subtract();
}

void StreamLink::leave() {
    if (!ended_) leave_stream();
    close();
}

bool StreamLink::has_room(bool one_at_a_time) const {
    if (is_draining() || !takes_more()) return false;
    if (pending_.size() >= (one_at_a_time ? 1 : traits().most_at_once)) return false;
    const UpstreamContext& context = upstream().context();
    const bool much_lies = context.meter->held() > context.max_upstream_bytes;
    return queued_bytes() <= (much_lies ? 0 : stream_queue_bytes);
}

StreamLink::Pending* StreamLink::find(Ticket ticket) {
    const auto is_it = [ticket](const Pending& one) { return one.ticket == ticket; };
    const auto found = std::find_if(pending_.begin(), pending_.end(), is_it);
    return found == pending_.end() ? nullptr : &*found;
}

void StreamLink::queue(QueryIndex query, Attempt& attempt) {
    const Ticket ticket = draw_ticket();
    pending_.push_back({ticket, query, replies_});  // there is room, see the constructor
    attempt.link = this;
    attempt.ticket = ticket;
    ++asked_;
    last_used_ns_ = upstream().context().now_ns;
    send(query, ticket);
}

dns::Bytes StreamLink::message_to_send(QueryIndex query, std::uint16_t id) {
    const dns::Bytes message = make_message(query, id);
    if (upstream().context().tap.is_on()) [[unlikely]] tell_sent(*this, query, message);
    return message;
}

dns::Bytes StreamLink::make_message(QueryIndex query, std::uint16_t id) {
    UpstreamContext& context = upstream().context();
    // The bytes are copied by who sends: a further attempt writes its own ID to the stored message.
    const auto message = context.queries.message(query);
    dns::set_id(message, id);
    if (!handshake_.is_encrypted()) return message;
    context.padded.resize(message.size() + 2 * dns::query_padding_block);
    const std::size_t length = dns::write_padded(message, context.padded);
    return length == 0 ? dns::Bytes(message) : dns::Bytes(context.padded).first(length);
}

void StreamLink::release(Ticket ticket) {
    const Pending* const found = find(ticket);
    if (!found) return;
    carrier_.holdings().leave(network_of(upstream().context().queries[found->query].client));
    pending_.erase(pending_.begin() + (found - pending_.data()));
    last_used_ns_ = upstream().context().now_ns;
}

std::vector<QueryIndex> StreamLink::waiting() const {
    std::vector<QueryIndex> queries;
    for_each_query([&](QueryIndex query) { queries.push_back(query); });
    return queries;
}

bool StreamLink::may_go() const {
    const std::uint64_t idle_ns = upstream().context().now_ns - last_used_ns_;
    const std::uint64_t usual_ns = !handshake_.is_encrypted() ? stream_idle_ns
                                   : is_open()               ? encrypted_idle_ns
                                                             : handshake_patience_ns;
    const std::uint64_t limit_ns = owner_.outlives_client() ? udp_client_stream_idle_ns : usual_ns;
    return is_idle() && (is_draining() || client_gone_ || idle_ns > limit_ns);
}

bool StreamLink::is_old() const {
    return handshake_.is_encrypted() && (upstream().context().now_ns >= old_at_ns_ || asked_ >= life() / 2);
}

void StreamLink::opened() {
    handshake_.opened();
    carrier_.has_opened();
}

bool StreamLink::take(Ticket ticket, dns::MutableBytes message) {
    UpstreamContext& context = upstream().context();
    const Pending* const found = find(ticket);
    if (!found) context.counters.dropped[Drop::reply_unexpected].add();
    if (found && context.events.on_reply(found->query, *this, ticket, message)) {
        ++replies_;
        return true;
    }
    if (!take_late(ticket, message)) return false;
    heard(context.now_ns);
    upstream().heard();
    return true;
}

void StreamLink::report(LinkReport::Kind kind, Failure failure, Ticket ticket) {
    Pending* const found = find(ticket);
    if (!found || found->is_told) return;
    upstream().context().reports.push_back({kind, failure, ticket, found->query, this});
    found->is_told = true;
}

void StreamLink::tell(std::string fault) {
    upstream().context().encryption_failures.push_back({upstream().spec().serial, std::move(fault)});
}

void StreamLink::end(io::StreamEnd how, std::error_code error) {
    const Failure failure = handshake_.ended(how, error, is_connected());
    if (failure == Failure::tls) tell(handshake_.fault());
    end(failure, failure == Failure::tls && !is_open() && handshake_.would_fail_again());
}

void StreamLink::end(Failure failure, bool would_fail_again) {
    if (would_fail_again) carrier_.pause_connecting(failure);
    if (!report_unanswered(failure)) carrier_.ask_one_at_a_time();
    carrier_.has_ended(*this);
}

bool StreamLink::report_unanswered(Failure failure) {
    // A server that answered and closed, or was sent several queries at once, may just be one that does no more
    // for a connection: what is unanswered has had no chance with it, and the next connection carries less.
    // Not one that ends it as its encryption or HTTP demands: it would do so again.
    const bool is_refused = failure == Failure::tls || failure == Failure::http;
    const bool may_be_better = is_open() && (replies_ > 0 || !is_refused);
    const bool may_be_too_many = pending_.size() > 1 && !traits().is_multiplexed;
    const bool no_attempt = may_be_better && (replies_ > 0 || may_be_too_many);
    const auto kind = no_attempt ? LinkReport::Kind::stale : LinkReport::Kind::failed;
    bool several_at_once = true;
    for (const Pending& one : pending_) {
        if (one.is_told) continue;
        // Closing an idle connection is the server's right; it crossed with our query (RFC 7766 6.2.4).
        const bool crossed = one.replies_before > 0 && one.replies_before == replies_;
        // One that has answered so many takes several at a time; it only has a limit for a connection's life.
        if (may_be_better && !crossed && replies_ < replies_of_a_good_stream) several_at_once = false;
        if (no_attempt && !crossed) upstream().counters().failures[failure].add();
        upstream().context().reports.push_back({kind, failure, one.ticket, one.query, this});
    }
    return several_at_once || traits().is_multiplexed;
}

}  // namespace dproxy::proxy
