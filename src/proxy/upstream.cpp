// SPDX-License-Identifier: MIT
#include "proxy/upstream.hpp"

#include <algorithm>

#include "io/udp_socket.hpp"
#include "proxy/upstream_socket.hpp"
#include "proxy/upstream_stream.hpp"

namespace dproxy::proxy {

Upstream::Upstream(UpstreamContext& context, const UpstreamSpec& spec)
    : context_(context), spec_(spec), streams_(*this, context) {}

Upstream::~Upstream() = default;

void Upstream::heard() {
    last_heard_ns_ = context_.now_ns;
    asked_ns_ = 0;
    overdue_ = 0;
    // Each worker says so now and then only: the value is shared between processors.
    if (context_.now_ns - reported_ns_ < UpstreamHealth::report_interval_ns) return;
    reported_ns_ = context_.now_ns;
    spec_.health->heard_ns.store(context_.now_ns, std::memory_order_relaxed);
    spec_.health->timeouts.store(0, std::memory_order_relaxed);
}

void Upstream::heard_late(dns::Bytes message) {
    dns::Question question;
    if (dns::is_response(message) && dns::read_question(message, question) == dns::QuestionFault::none) heard();
}

void Upstream::replied(std::uint64_t taken_ns) {
    heard();
    reply_time_.observe(taken_ns);
    reply_quantile_.observe(taken_ns);
    counters().duration.observe(taken_ns);
}

void Upstream::overdue() {
    ++overdue_;
    overdue_ns_ = context_.now_ns;
    spec_.health->suspected.store(true, std::memory_order_relaxed);
}

void Upstream::timed_out() {
    counters().failures[telemetry::Failure::timeout].add();
    // The time of an attempt may be short: only lasting silence counts against it.
    const bool lasts = asked_ns_ != 0 && context_.now_ns - asked_ns_ >= passive_patience_ns;
    if (lasts) spec_.health->timeouts.fetch_add(1, std::memory_order_relaxed);
}

bool Upstream::is_silent() {
    if (overdue_ < overdue_to_silent || spec_.health_mode == routing::Health::off) return false;
    // With probes, one that was answered shows that it is back; without them only a query does.
    if (spec_.health_mode == routing::Health::passive) return !may_try();
    if (spec_.health->probed_ns.load(std::memory_order_relaxed) <= overdue_ns_) return true;
    overdue_ = 0;
    return false;
}

Upstream::Sent Upstream::send(QueryIndex query, Attempt& attempt, bool over_tcp, const Link* avoid) {
    attempt.sent_ns = context_.now_ns;
    if (asked_ns_ == 0) asked_ns_ = context_.now_ns;
    if (over_tcp) {
        const bool served_only = streams_.give_up(query, avoid);
        if (UpstreamStream* stream = streams_.take(query, avoid, served_only)) {
            stream->queue(query, attempt);
            return Sent::yes;
        }
        return streams_.wait(query, served_only) ? Sent::waits : Sent::no;
    }
    UpstreamSocket* socket = socket_for(avoid);
    if (socket && socket->queue(query, attempt)) return Sent::yes;
    for (const auto& other : sockets_) {
        if (other.get() != socket && other.get() != avoid && other->queue(query, attempt)) return Sent::yes;
    }
    socket = open_socket();
    return socket && socket->queue(query, attempt) ? Sent::yes : Sent::no;
}

UpstreamSocket* Upstream::open_socket() {
    if (sockets_.size() >= max_sockets) return nullptr;
    std::error_code error;
    io::Fd fd = io::connect_udp(spec_.key.endpoint, error);
    if (!fd) return nullptr;
    const std::uint64_t jitter = context_.random.next() * (socket_age_jitter_ns / 65536);
    sockets_.push_back(
        std::make_unique<UpstreamSocket>(*this, std::move(fd), context_.now_ns + socket_age_ns + jitter));
    return sockets_.back().get();
}

UpstreamSocket* Upstream::socket_for(const Link* avoid) {
    // Not with every batch: replies that come back on one socket are read and answered together.
    if (sockets_.empty() || context_.now_ns - rotated_ns_ >= socket_turn_ns) {
        rotated_ns_ = context_.now_ns;
        if (!sockets_.empty()) rotation_ = (rotation_ + 1) % sockets_.size();
        if (sockets_.size() < usual_sockets && open_socket()) rotation_ = sockets_.size() - 1;
        if (rotation_ < sockets_.size() && sockets_[rotation_]->expires_ns() <= context_.now_ns) {
            if (open_socket()) {
                retire(rotation_);
                rotation_ = sockets_.size() - 1;
            }
        }
    }
    if (sockets_.empty()) return nullptr;
    rotation_ %= sockets_.size();
    UpstreamSocket* socket = sockets_[rotation_].get();
    return socket == avoid ? sockets_[(rotation_ + 1) % sockets_.size()].get() : socket;
}

void Upstream::retire(std::size_t index) {
    sockets_[index]->retire();
    retired_.push_back(std::move(sockets_[index]));
    sockets_.erase(sockets_.begin() + static_cast<std::ptrdiff_t>(index));
}

void Upstream::replace(UpstreamSocket& socket) {
    if (context_.now_ns - replaced_ns_ < replace_interval_ns) return;
    const auto found =
        std::find_if(sockets_.begin(), sockets_.end(), [&](const auto& one) { return one.get() == &socket; });
    if (found == sockets_.end()) return;
    replaced_ns_ = context_.now_ns;
    retire(static_cast<std::size_t>(found - sockets_.begin()));
}

void Upstream::maintain() {
    if (reply_time_.known()) counters().usual_reply_ns.set(reply_time_.mean_ns());
    for (std::size_t i = sockets_.size(); i-- > 0;) {
        const UpstreamSocket& socket = *sockets_[i];
        const bool idle = socket.inflight() == 0 && context_.now_ns - socket.last_used_ns() > socket_idle_ns;
        if (idle || socket.expires_ns() <= context_.now_ns) retire(i);
    }
    std::erase_if(retired_, [](const auto& socket) { return socket->inflight() == 0; });
    streams_.maintain();
    if (streams_.any_waiting()) context_.events.on_stream_free(*this);
}

void Upstream::discard(UpstreamSocket& socket) {
    std::erase_if(retired_, [&](const auto& one) { return one.get() == &socket; });
}

}  // namespace dproxy::proxy
