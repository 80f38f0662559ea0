// SPDX-License-Identifier: MIT
#include "upstreams/upstream.hpp"

#include "upstreams/limits.hpp"
#include "upstreams/stream_carrier.hpp"

namespace dproxy::proxy {

Upstream::Upstream(UpstreamContext& context, const UpstreamSpec& spec)
    : context_(context),
      spec_(spec),
      filters_(spec.filters ? spec.filters->on_this_thread() : nullptr),
      datagrams_(*this, context) {}

Upstream::~Upstream() { std::erase(context_.with_room, this); }

void Upstream::adopt(const UpstreamSpec& spec) {
    counters().inflight.subtract(inflight_);
    spec_ = spec;
    counters().inflight.add(inflight_);
}

void Upstream::leave_slot() {
    counters().inflight.subtract(inflight_);
    spec_.slot = telemetry::other_slot;
    counters().inflight.add(inflight_);
}

telemetry::UpstreamTransport Upstream::transport(bool over_stream) const {
    switch (spec_.key.protocol) {
        case routing::Protocol::tls: return telemetry::UpstreamTransport::tls;
        case routing::Protocol::https: return telemetry::UpstreamTransport::https;
        case routing::Protocol::as_client:
        case routing::Protocol::tcp: break;
    }
    return over_stream ? telemetry::UpstreamTransport::tcp : telemetry::UpstreamTransport::udp;
}

Carrier& Upstream::streams() {
    if (!streams_) streams_ = std::make_unique<StreamCarrier>(*this, context_);
    return *streams_;
}

void Upstream::replied(std::uint64_t taken_ns, std::uint16_t type) {
    heard();
    signs_.answered(type);
    reply_time_.observe(taken_ns);
    reply_quantile_.observe(taken_ns);
    counters().duration.observe(taken_ns);
}

void Upstream::overdue(const Attempt& attempt, std::uint16_t type) {
    if (!attempt.link) return;
    const bool silent = !signs_.heard_since(attempt.sent_ns);
    const bool dark = attempt.link->timed_out(attempt.sent_ns);
    if (dark || silent) attempt.link->suspect();
    if (silent && signs_.overdue(type, context_.now_ns)) datagrams_.replace_all();
}

void Upstream::timed_out(std::uint16_t type) {
    counters().failures[telemetry::Failure::timeout].add();
    signs_.unanswered(type, context_.now_ns);
}

Sending Upstream::send(QueryIndex query, Attempt& attempt, bool over_stream, Link* avoid) {
    attempt.sent_ns = context_.now_ns;
    signs_.asked(context_.now_ns);
    return over_stream ? streams().send(query, attempt, avoid) : datagrams_.send(query, attempt, avoid);
}

void Upstream::maintain() {
    if (reply_time_.known()) counters().usual_reply_ns.set(reply_time_.mean_ns());
    datagrams_.maintain();
    if (streams_ || is_encrypted()) streams().maintain();
}

}  // namespace dproxy::proxy
