// SPDX-License-Identifier: MIT
#include "upstreams/https_stream.hpp"

#include <utility>

#include "http2/limits.hpp"
#include "queries/turn.hpp"
#include "upstreams/limits.hpp"
#include "upstreams/stream_carrier.hpp"
#include "upstreams/upstream.hpp"

namespace dproxy::proxy {

using telemetry::Drop;
using telemetry::Failure;
using State = http2::ClientSession::State;

namespace {

constexpr LinkTraits https_traits{
    .is_stream = true, .most_at_once = http2::concurrent_streams, .is_multiplexed = true};

/// RFC 8484 4.1: the same for all, so that caches on the way can tell that two ask the same.
constexpr std::uint16_t message_id = 0;

}  // namespace

HttpsStream::HttpsStream(Upstream& upstream, StreamCarrier& carrier, const StreamOwner& owner,
                         std::unique_ptr<io::StreamFilter> filter)
    : StreamLink(upstream, carrier, https_traits, owner, filter.get()),
      channel_(upstream.context().io, upstream.spec().key, this->owner().header(), *this, upstream.context().meter,
               std::move(filter)) {}

HttpsStream::~HttpsStream() { close(); }

bool HttpsStream::takes_more() const {
    // Before its settings are here, the server takes a few.
    if (!is_known_ && count() >= queries_per_stream) return false;
    return channel_.room() > 0;
}

void HttpsStream::send(QueryIndex query, Ticket) {
    try {
        channel_.ask(message_to_send(query, message_id));
    } catch (...) {  // no memory: the next one would have the same ticket
        retire();
        throw;
    }
}

void HttpsStream::release(Ticket ticket) {
    if (!has_ended() && is_waited_for(ticket)) channel_.cancel(id_of(ticket));
    StreamLink::release(ticket);
}

/// A late reply is a sign of life, and a server has a limit of its own of streams that are reset.
void HttpsStream::leave_open(Ticket ticket) {
    if (!is_waited_for(ticket)) return;
    StreamLink::release(ticket);
    if (has_ended()) return;
    left_open_.push_back(ticket);
    if (left_open_.size() <= streams_left_open) return;
    channel_.cancel(id_of(left_open_.front()));
    left_open_.pop_front();
}

void HttpsStream::on_connected() {
    const Turn turn(upstream().context().events);
    opened();
    if (channel_.is_agreed()) return;
    tell(HttpsChannel::not_agreed);
    end(Failure::http, true);
}

void HttpsStream::on_bytes(dns::Bytes bytes) {
    std::vector<http2::Reply> replies;  // answers are sent out of them at the end of the turn
    const Turn turn(upstream().context().events);
    is_known_ = true;
    channel_.take(bytes, upstream().context().now_ns);
    take_replies(replies);
    if (channel_.state() == State::leaving) retire();
    if (takes_nothing()) {
        tell("refused: no request is taken (SETTINGS_MAX_CONCURRENT_STREAMS 0)");
        return end(Failure::http, true);
    }
    if (channel_.state() != State::ended) return carrier().has_served(*this);
    std::string fault = channel_.fault();
    if (fault.empty()) return end(Failure::closed, false);
    tell(std::move(fault));
    end(Failure::http, false);
}

/// RFC 9113 6.5.2: a limit of 0 is for a short time. To wait for its end on ever more connections helps nobody.
bool HttpsStream::takes_nothing() const {
    return channel_.state() == State::open && count() == 0 && left_open_.empty() && channel_.room() == 0;
}

void HttpsStream::on_end(io::StreamEnd how, std::error_code error) {
    std::vector<http2::Reply> replies;
    const Turn turn(upstream().context().events);
    channel_.take_end();
    if (is_open()) take_replies(replies);
    end(how, error);
}

void HttpsStream::take_replies(std::vector<http2::Reply>& kept) {
    while (auto reply = channel_.next_reply()) take(kept.emplace_back(std::move(*reply)));
}

void HttpsStream::take(http2::Reply& reply) {
    const Ticket ticket = ticket_of(reply.id);
    std::erase(left_open_, ticket);
    switch (reply.outcome) {
        case http2::Outcome::answered:
            if (dns::id_of(reply.message) == message_id && StreamLink::take(ticket, reply.message)) return;
            return report(LinkReport::Kind::failed, Failure::mismatch, ticket);
        case http2::Outcome::unheard:
            // Elsewhere: it is full, or about to leave.
            if (channel_.state() == State::open) suspect();
            return report(LinkReport::Kind::unheard, Failure::http, ticket);
        case http2::Outcome::lost:
            if (channel_.state() == State::ended) return;  // so are all: see end()
            break;
        default:
            break;
    }
    report(LinkReport::Kind::failed, Failure::http, ticket);
    if (!std::exchange(has_told_, true)) tell(fault_of(reply));
}

}  // namespace dproxy::proxy
