// SPDX-License-Identifier: MIT
#include "proxy/upstream_socket.hpp"

#include <cerrno>

namespace dproxy::proxy {

using telemetry::Drop;
using telemetry::Failure;

Failure failure_of(int error) {
    switch (error) {
        case ECONNREFUSED:
        case ECONNRESET:
            return Failure::refused;
        case EHOSTUNREACH:
        case ENETUNREACH:
        case ENETDOWN:
        case EHOSTDOWN:
        case EADDRNOTAVAIL:
        case ETIMEDOUT:
            return Failure::unreachable;
        case EAGAIN:
        case ENOBUFS:
        case ENOMEM:
        case EMFILE:
        case ENFILE:
            return Failure::overload;
        default:
            return Failure::other;
    }
}

UpstreamSocket::UpstreamSocket(Upstream& upstream, io::Fd socket, std::uint64_t expires_ns)
    : Link(upstream),
      readiness_(upstream.context().io, std::move(socket), [this] { read(); }),
      expires_ns_(expires_ns),
      last_used_ns_(upstream.context().now_ns) {
    queued_.reserve(io::batch_size);
}

bool UpstreamSocket::queue(QueryIndex query, Attempt& attempt) {
    UpstreamContext& context = upstream().context();
    if (queued_.size() == io::batch_size) flush();
    const auto id = ids_.take(query, context.random);
    if (!id) return false;
    dns::set_id(context.queries.message(query), *id);
    attempt.link = this;
    attempt.id = *id;
    ++inflight_;
    last_used_ns_ = context.now_ns;
    if (queued_.empty()) context.sockets_to_flush.push_back(this);
    queued_.push_back(query);
    return true;
}

void UpstreamSocket::flush() {
    UpstreamContext& context = upstream().context();
    for (const QueryIndex query : queued_) context.to_send.push(context.queries.datagram(query));
    const auto outcome = context.to_send.flush(readiness_.fd());
    if (outcome.failed_mask == 0) {
        queued_.clear();
        return;
    }
    // What is told of a failure may queue anew, on this socket too.
    const std::vector<QueryIndex> sent(queued_);
    queued_.clear();
    for (std::size_t i = 0; i < sent.size(); ++i) {
        if (outcome.failed_mask >> i & 1) {
            context.events.on_link_failure(sent[i], *this, failure_of(outcome.last_error));
        }
    }
}

void UpstreamSocket::release(std::uint16_t id) {
    ids_.release(id);
    --inflight_;
}

void UpstreamSocket::suspect(std::uint64_t) { upstream().replace(*this); }

void UpstreamSocket::read() {
    UpstreamContext& context = upstream().context();
    context.events.on_turn();
    for (int round = 0; round < batches_per_turn; ++round) {
        const int count = context.received.receive(readiness_.fd());
        if (count == -EAGAIN) break;
        if (count < 0) {
            fail_all(-count);
        } else {
            for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
                if (context.received.was_cut(i)) {
                    context.counters.dropped[Drop::cut_by_kernel].add();
                } else {
                    take(context.received.bytes(i));
                }
            }
            const std::uint32_t drops = context.received.kernel_drops(static_cast<std::size_t>(count) - 1);
            if (drops > kernel_drops_) {
                context.counters.udp_receive_drops.add(drops - kernel_drops_);
                kernel_drops_ = drops;
            }
        }
        context.events.flush();
        if (count >= 0 && static_cast<std::size_t>(count) < io::batch_size) break;
    }
    if (retired_ && inflight_ == 0) upstream().discard(*this);
}

void UpstreamSocket::take(dns::MutableBytes message) {
    UpstreamContext& context = upstream().context();
    if (message.size() < dns::header_length) {
        context.counters.dropped[Drop::reply_malformed].add();
        return;
    }
    const QueryIndex query = ids_.find(dns::id_of(message));
    if (query == no_query) {
        context.counters.dropped[Drop::reply_unexpected].add();
        upstream().heard_late(message);
        return;
    }
    context.events.on_reply(query, *this, message);
}

void UpstreamSocket::fail_all(int error) {
    UpstreamContext& context = upstream().context();
    std::vector<QueryIndex> waiting;
    ids_.for_each([&](QueryIndex query) { waiting.push_back(query); });
    for (const QueryIndex query : waiting) context.events.on_link_failure(query, *this, failure_of(error));
}

}  // namespace dproxy::proxy
