// SPDX-License-Identifier: MIT
#include "upstreams/upstream_socket.hpp"

#include <algorithm>
#include <cerrno>

#include "io/do_and_always.hpp"
#include "queries/turn.hpp"
#include "upstreams/failure.hpp"
#include "upstreams/limits.hpp"
#include "upstreams/upstream.hpp"
#include "upstreams/upstream_tap.hpp"

namespace dproxy::proxy {

using telemetry::Drop;
using telemetry::Failure;

namespace {

constexpr LinkTraits socket_traits{.most_at_once = IdTable::places};

}  // namespace

UpstreamSocket::UpstreamSocket(Upstream& upstream, io::Fd socket, std::uint64_t expires_ns, std::error_code& error)
    : Link(upstream, socket_traits),
      readiness_(upstream.context().io, std::move(socket), [this] { read(); }, error),
      expires_ns_(expires_ns),
      last_used_ns_(upstream.context().now_ns) {
    queued_.reserve(io::batch_size);
}

UpstreamSocket::~UpstreamSocket() { std::erase(upstream().context().sockets_to_flush, this); }

bool UpstreamSocket::queue(QueryIndex query, Attempt& attempt) {
    UpstreamContext& context = upstream().context();
    // Before an ID is taken: nothing is kept of what there is no memory for.
    if (queued_.size() == queued_.capacity()) queued_.reserve(2 * queued_.size());
    if (queued_.empty()) context.sockets_to_flush.reserve(context.sockets_to_flush.size() + 1);
    const auto id = ids_.take(query, context.random);
    if (!id) return false;
    attempt.link = this;
    attempt.ticket = *id;
    ++inflight_;
    last_used_ns_ = context.now_ns;
    if (queued_.empty()) context.sockets_to_flush.push_back(this);
    queued_.push_back({query, *id});
    return true;
}

/// The ID is written to the stored message: two attempts of one query cannot be of one batch.
std::size_t UpstreamSocket::batch_from(std::size_t first) const {
    const std::size_t most = std::min(queued_.size() - first, io::batch_size);
    InFlightTable& queries = upstream().context().queries;
    for (std::size_t count = 0; count < most; ++count) {
        const QueryIndex query = queued_[first + count].query;
        if (queries[query].attempts.count() < 2) continue;
        for (std::size_t i = 0; i < count; ++i) {
            if (queued_[first + i].query == query) return count;
        }
    }
    return most;
}

void UpstreamSocket::flush() {
    io::do_and_always(
        [this] {
            for (std::size_t first = 0; first < queued_.size();) {
                const std::size_t count = batch_from(first);
                flush_batch(first, count);
                first += count;
            }
        },
        [this] { queued_.clear(); });
}

void UpstreamSocket::flush_batch(std::size_t first, std::size_t count) {
    UpstreamContext& context = upstream().context();
    for (std::size_t i = first; i < first + count; ++i) {
        dns::set_id(context.queries.message(queued_[i].query), queued_[i].id);
        context.to_send.push(context.queries.datagram(queued_[i].query));
    }
    const auto outcome = context.to_send.flush(readiness_.fd());
    if (context.tap.is_on()) [[unlikely]] tell_of_batch(first, count, outcome.failed_mask);
    if (outcome.failed_mask == 0) return;
    for (std::size_t i = 0; i < count; ++i) {
        if ((outcome.failed_mask >> i & 1) == 0) continue;
        const Queued& one = queued_[first + i];
        const Failure failure = failure_of(outcome.last_error);
        context.reports.push_back({LinkReport::Kind::failed, failure, one.id, one.query, this});
    }
}

void UpstreamSocket::tell_of_batch(std::size_t first, std::size_t count, std::uint64_t failed_mask) {
    InFlightTable& queries = upstream().context().queries;
    for (std::size_t i = 0; i < count; ++i) {
        const QueryIndex query = queued_[first + i].query;
        if ((failed_mask >> i & 1) == 0) tell_sent(*this, query, queries.message(query));
    }
}

void UpstreamSocket::release(Ticket id) {
    ids_.release(id);
    --inflight_;
    last_used_ns_ = upstream().context().now_ns;
    if (!queued_.empty()) std::erase_if(queued_, [id](const Queued& one) { return one.id == id; });
}

bool UpstreamSocket::has_many_unexpected() const {
    // A reply that comes late or twice fits nothing either: there are as many as there were queries, at the most.
    return unexpected_ > max_unexpected_replies + given_up().count() + replies_ / replies_for_one_unexpected;
}

void UpstreamSocket::read() {
    for (int round = 0; round < batches_per_turn; ++round) {
        if (!read_batch()) return;
    }
}

bool UpstreamSocket::read_batch() {
    UpstreamContext& context = upstream().context();
    const Turn turn(context.events);
    const int count = context.received.receive(readiness_.fd());
    if (count == -EAGAIN) return false;
    if (count < 0) {
        // What an ICMP message says is signed by nobody (RFC 5927): it is a reason to ask elsewhere, and none to stop
        // waiting.
        report_all(LinkReport::Kind::doubted, failure_of(-count));
        return true;
    }
    take_batch(static_cast<std::size_t>(count));
    if (!guessed_at_ && has_many_unexpected()) {
        guessed_at_ = true;
        report_all(LinkReport::Kind::guessed, Failure::guessed);
    }
    return static_cast<std::size_t>(count) == io::batch_size;
}

void UpstreamSocket::take_batch(std::size_t count) {
    UpstreamContext& context = upstream().context();
    for (std::size_t i = 0; i < count; ++i) {
        if (context.received.was_cut(i)) {
            context.counters.dropped[Drop::cut_by_kernel].add();
        } else {
            take(context.received.bytes(i));
        }
    }
    const std::uint32_t drops = context.received.kernel_drops(count - 1);
    if (drops > kernel_drops_) {
        context.counters.udp_receive_drops.add(drops - kernel_drops_);
        kernel_drops_ = drops;
    }
}

void UpstreamSocket::take(dns::MutableBytes message) {
    UpstreamContext& context = upstream().context();
    if (message.size() < dns::header_length) {
        context.counters.dropped[Drop::reply_malformed].add();
        ++unexpected_;
        return;
    }
    const Ticket id = dns::id_of(message);
    const QueryIndex query = ids_.find(id);
    if (query != no_query && context.events.on_reply(query, *this, id, message)) {
        ++replies_;
        return;
    }
    if (query == no_query) context.counters.dropped[Drop::reply_unexpected].add();
    if (take_late(id, message)) {
        heard(context.now_ns);
        upstream().heard();
    } else {
        ++unexpected_;
    }
}

std::vector<QueryIndex> UpstreamSocket::waiting() const {
    std::vector<QueryIndex> queries;
    ids_.for_each([&](QueryIndex query) { queries.push_back(query); });
    return queries;
}

void UpstreamSocket::report_all(LinkReport::Kind kind, Failure failure) {
    upstream().context().reports.push_back({kind, failure, 0, no_query, this});
}

}  // namespace dproxy::proxy
