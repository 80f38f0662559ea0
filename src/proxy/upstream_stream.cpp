// SPDX-License-Identifier: MIT
#include "proxy/upstream_stream.hpp"

#include <algorithm>
#include <cassert>

#include "proxy/upstream_socket.hpp"

namespace dproxy::proxy {

using telemetry::Drop;
using telemetry::Failure;
using telemetry::Side;

UpstreamStream::UpstreamStream(Upstream& upstream, const StreamOwner& owner)
    : Link(upstream),
      owner_(owner),
      last_used_ns_(upstream.context().now_ns),
      stream_(upstream.context().io, upstream.spec().key.endpoint, owner_.header(), *this) {
    pending_.reserve(queries_per_stream);
    upstream.context().counters.tcp_connections[Side::upstream].add();
    if (owner_.client_serial != 0) upstream.context().client_streams.add(owner_.client_serial, *this);
}

UpstreamStream::~UpstreamStream() {
    if (owner_.client_serial != 0) upstream().context().client_streams.remove(owner_.client_serial, *this);
    upstream().context().counters.tcp_connections[Side::upstream].subtract();
}

bool UpstreamStream::has_room() const {
    return !suspect_ && pending_.size() < upstream().queries_for_each_stream();
}

void UpstreamStream::queue(QueryIndex query, Attempt& attempt) {
    UpstreamContext& context = upstream().context();
    std::uint16_t id;
    do {
        id = context.random.next();
    } while (std::any_of(pending_.begin(), pending_.end(), [id](const Pending& one) { return one.id == id; }));
    const auto message = context.queries.message(query);
    dns::set_id(message, id);
    attempt.link = this;
    attempt.id = id;
    pending_.push_back({id, query, replies_});
    last_used_ns_ = context.now_ns;
    stream_.send(message);
}

void UpstreamStream::release(std::uint16_t id) {
    std::erase_if(pending_, [id](const Pending& one) { return one.id == id; });
    last_used_ns_ = upstream().context().now_ns;
}

void UpstreamStream::suspect(std::uint64_t) { suspect_ = true; }

void UpstreamStream::client_gone() {
    client_gone_ = true;
    if (pending_.empty()) upstream().discard(*this);
}

bool UpstreamStream::may_go() const {
    const std::uint64_t idle_ns = upstream().context().now_ns - last_used_ns_;
    const std::uint64_t limit_ns = owner_.is_udp_client() ? udp_client_stream_idle_ns : stream_idle_ns;
    return pending_.empty() && (suspect_ || client_gone_ || idle_ns > limit_ns);
}

void UpstreamStream::on_message(dns::MutableBytes message) {
    UpstreamContext& context = upstream().context();
    context.events.on_turn();
    if (message.size() < dns::header_length) {
        context.counters.dropped[Drop::reply_malformed].add();
        return;
    }
    const std::uint16_t id = dns::id_of(message);
    const auto found =
        std::find_if(pending_.begin(), pending_.end(), [id](const Pending& one) { return one.id == id; });
    if (found == pending_.end()) {
        context.counters.dropped[Drop::reply_unexpected].add();
        upstream().heard_late(message);
        return;
    }
    ++replies_;
    suspect_ = false;
    context.events.on_reply(found->query, *this, message);
    context.events.on_stream_free(upstream());
    context.events.flush();
}

void UpstreamStream::on_end(io::StreamEnd end, std::error_code error) {
    UpstreamContext& context = upstream().context();
    context.events.on_turn();
    suspect_ = ended_ = true;  // what is sent anew goes by another connection
    const Failure failure = !connected_ ? failure_of(error.value())
                            : end == io::StreamEnd::bad_length ? Failure::malformed : Failure::closed;
    const std::vector<Pending> unanswered(std::move(pending_));
    pending_ = unanswered;
    // A server that answered and closed, or was sent several queries at once, may just be one that does no more
    // for a connection: what is unanswered has had no chance with it, and the next connection carries less.
    const bool no_attempt = connected_ && (replies_ > 0 || unanswered.size() > 1);
    for (const Pending& one : unanswered) {
        // Closing an idle connection is the server's right; it crossed with our query (RFC 7766 6.2.4).
        const bool crossed = one.replies_before > 0 && one.replies_before == replies_;
        // One that has answered so many takes several at a time; it only has a limit for a connection's life.
        if (connected_ && !crossed && replies_ < replies_of_a_good_stream) upstream().ask_one_at_a_time();
        if (no_attempt) {
            if (!crossed) upstream().counters().failures[failure].add();
            context.events.on_stale_stream(one.query, *this);
        } else {
            context.events.on_link_failure(one.query, *this, failure);
        }
    }
    Upstream& owner = upstream();
    owner.discard(*this);
    context.events.on_stream_free(owner);
    context.events.flush();
}

}  // namespace dproxy::proxy
