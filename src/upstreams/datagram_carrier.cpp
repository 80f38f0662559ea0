// SPDX-License-Identifier: MIT
#include "upstreams/datagram_carrier.hpp"

#include "io/udp_socket.hpp"
#include "upstreams/failure.hpp"
#include "upstreams/limits.hpp"
#include "upstreams/upstream.hpp"
#include "upstreams/upstream_socket.hpp"

namespace dproxy::proxy {

using telemetry::Failure;

namespace {

/// As far as its own replies tell.
bool is_trusted(const UpstreamSocket& socket) { return !socket.is_suspect() && !socket.is_guessed_at(); }

}  // namespace

DatagramCarrier::DatagramCarrier(Upstream& upstream, UpstreamContext& context)
    : upstream_(upstream), context_(context) {}

DatagramCarrier::~DatagramCarrier() = default;

Sending DatagramCarrier::send(QueryIndex query, Attempt& attempt, Link* avoid) {
    UpstreamSocket* socket = in_turn(avoid);
    if (socket && socket->queue(query, attempt)) return {};
    for (const auto& other : sockets_) {
        const bool may_be_asked = other.get() != socket && other.get() != avoid && !other->is_guessed_at();
        if (may_be_asked && other->queue(query, attempt)) return {};
    }
    if (sockets_.size() >= max_sockets) return {Sent::no, Failure::overload};
    socket = open();
    if (!socket) return {Sent::no, why_not_open_};
    return socket->queue(query, attempt) ? Sending{} : Sending{Sent::no, Failure::overload};
}

UpstreamSocket* DatagramCarrier::open() {
    if (context_.now_ns < may_open_ns_) return nullptr;
    std::error_code error;
    io::Fd fd = io::connect_udp(upstream_.spec().key.endpoint, error);
    std::unique_ptr<UpstreamSocket> socket;
    if (fd) {
        const std::uint64_t jitter = context_.random.next() * (socket_age_jitter_ns / 65536);
        const std::uint64_t expires_ns = context_.now_ns + socket_age_ns + jitter;
        socket = std::make_unique<UpstreamSocket>(upstream_, std::move(fd), expires_ns, error);
    }
    if (error) {
        why_not_open_ = failure_of(error.value());
        // What this host has run out of is not there again with the next query.
        if (why_not_open_ == Failure::overload) may_open_ns_ = context_.now_ns + open_pause_ns;
        return nullptr;
    }
    sockets_.push_back(std::move(socket));
    return sockets_.back().get();
}

UpstreamSocket* DatagramCarrier::in_turn(const Link* avoid) {
    // Not with every batch: replies that come back on one socket are read and answered together.
    const bool is_over = context_.now_ns - rotated_ns_ >= socket_turn_ns;
    if (is_over || rotation_ >= sockets_.size() || !is_trusted(*sockets_[rotation_])) turn();
    if (sockets_.empty()) return nullptr;
    rotation_ %= sockets_.size();
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
        UpstreamSocket* const socket = sockets_[(rotation_ + i) % sockets_.size()].get();
        if (socket != avoid && is_trusted(*socket)) return socket;
    }
    UpstreamSocket* const socket = sockets_[rotation_].get();
    return socket != avoid ? socket : sockets_[(rotation_ + 1) % sockets_.size()].get();
}

void DatagramCarrier::turn() {
    rotated_ns_ = context_.now_ns;
    if (!sockets_.empty()) rotation_ = (rotation_ + 1) % sockets_.size();
    if (sockets_.size() < usual_sockets && open()) rotation_ = sockets_.size() - 1;
    if (rotation_ < sockets_.size() && is_to_go(*sockets_[rotation_])) replace_at(rotation_);
}

bool DatagramCarrier::is_to_go(const UpstreamSocket& socket) {
    if (socket.is_guessed_at() || socket.expires_ns() <= context_.now_ns) return true;
    if (!socket.is_suspect() || !may_replace()) return false;
    ++replaced_;
    return true;
}

void DatagramCarrier::retire(std::size_t index) {
    retired_.push_back(std::move(sockets_[index]));
    sockets_.erase(sockets_.begin() + static_cast<std::ptrdiff_t>(index));
}

/// The newest is last, and has its turn next.
void DatagramCarrier::replace_at(std::size_t index) {
    if (!open()) return;
    retire(index);
    rotation_ = sockets_.size() - 1;
}

bool DatagramCarrier::may_replace() {
    if (context_.now_ns - replacing_since_ns_ >= replace_interval_ns) {
        replacing_since_ns_ = context_.now_ns;
        replaced_ = 0;
    }
    return replaced_ < usual_sockets;
}

void DatagramCarrier::replace_all() {
    // The oldest first: what is opened meanwhile stands behind them.
    for (std::size_t left = sockets_.size(); left > 0 && may_replace(); --left) {
        ++replaced_;
        replace_at(0);
    }
}

void DatagramCarrier::maintain() {
    for (std::size_t i = sockets_.size(); i-- > 0;) {
        const UpstreamSocket& socket = *sockets_[i];
        const bool old = socket.expires_ns() <= context_.now_ns;
        // One that is not in use when its time comes needs none in its place: they would follow each other for ever.
        const std::uint64_t patience_ns = old ? late_reply_ns : socket_idle_ns;
        const bool idle = socket.inflight() == 0 && context_.now_ns - socket.last_used_ns() > patience_ns;
        if (idle || (old && sockets_.size() > usual_sockets)) {
            retire(i);
        } else if (old) {
            replace_at(i);
        }
    }
    std::erase_if(retired_, [this](const auto& socket) {
        return socket->inflight() == 0 && context_.now_ns - socket->last_used_ns() > late_reply_ns;
    });
}

}  // namespace dproxy::proxy
