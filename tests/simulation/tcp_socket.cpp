// SPDX-License-Identifier: MIT
#include "simulation/tcp_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace dproxy::simulation {

std::uint32_t TcpSocket::ready() const {
    std::uint32_t events = 0;
    if (state_ == State::fresh) return EPOLLOUT | EPOLLHUP;
    if (error_ != 0 || was_reset) events |= EPOLLERR | EPOLLHUP | EPOLLIN | EPOLLOUT;
    if (state_ == State::connecting) return events;
    if (!incoming_.empty() || end_came_) events |= EPOLLIN;
    if (end_came_) events |= EPOLLRDHUP;
    if (has_room()) events |= EPOLLOUT;
    return events;
}

void TcpSocket::closed() {
    open_ = false;
    if (!peer_) return;
    // As Linux: what lies unread makes an end a reset.
    if (!incoming_.empty() && !was_reset) {
        outgoing_.clear();
        was_reset = true;
        kernel_.timeline().after(latency, [self = shared_from_this()] {
            if (const auto peer = std::exchange(self->peer_, nullptr)) peer->on_reset();
        });
        return;
    }
    end_sent_ = true;
    pump();
}

int TcpSocket::connect(const net::Endpoint& to) {
    if (state_ == State::connecting) return -EALREADY;
    if (state_ == State::connected) return -EISCONN;
    remote = to;
    local = {to.address, kernel_.free_port()};
    int error = 0;
    state_ = State::connecting;
    peer_ = kernel_.events().on_connect(shared_from_this(), error);
    if (peer_) {
        peer_->socket = shared_from_this();
        kernel_.remember(shared_from_this());
        return -EINPROGRESS;
    }
    state_ = State::failed;
    return -error;
}

std::ptrdiff_t TcpSocket::receive(std::uint8_t* into, std::size_t most) {
    if (error_ != 0) return -take_error();
    if (was_reset) return 0;
    if (incoming_.empty()) return end_came_ ? 0 : -EAGAIN;
    const auto count = static_cast<std::ptrdiff_t>(std::min(most, incoming_.size()));
    std::copy(incoming_.begin(), incoming_.begin() + count, into);
    incoming_.erase(incoming_.begin(), incoming_.begin() + count);
    return count;
}

std::ptrdiff_t TcpSocket::send(const std::uint8_t* bytes, std::size_t count) {
    if (error_ != 0) return -take_error();
    if (was_reset || end_sent_) return -EPIPE;
    if (state_ != State::connected) return -ENOTCONN;
    if (!has_room()) return -EAGAIN;
    count = std::min(count, capacity - outgoing_.size());
    outgoing_.insert(outgoing_.end(), bytes, bytes + count);
    pump();
    return static_cast<std::ptrdiff_t>(count);
}

void TcpSocket::shut_sending() {
    end_sent_ = true;
    pump();
}

int TcpSocket::take_error() { return std::exchange(error_, 0); }

void TcpSocket::become_connected(const net::Endpoint& at, const net::Endpoint& from, std::shared_ptr<TcpPeer> peer) {
    state_ = State::connected;
    local = at;
    remote = from;
    peer_ = std::move(peer);
    peer_->socket = shared_from_this();
    kernel_.remember(shared_from_this());
}

void TcpSocket::accept_connection() {
    if (state_ != State::connecting || !open_) return;
    state_ = State::connected;
    changed();
    if (peer_) peer_->on_connected();
}

void TcpSocket::refuse_connection(int error) {
    if (state_ != State::connecting) return;
    state_ = State::failed;
    error_ = error;
    if (peer_) peer_->socket = nullptr;
    peer_ = nullptr;
    changed();
}

/// One direction's bytes come in their order.
std::uint64_t TcpSocket::arrival(std::uint64_t wait) {
    last_arrival_ = std::max(last_arrival_, kernel_.timeline().now() + latency + wait);
    return last_arrival_;
}

void TcpSocket::bring(std::vector<std::uint8_t> bytes, std::uint64_t wait) {
    kernel_.timeline().at(arrival(wait), [self = shared_from_this(), bytes = std::move(bytes)] {
        if (self->was_reset || self->end_came_) return;
        if (self->open_) {
            self->incoming_.insert(self->incoming_.end(), bytes.begin(), bytes.end());
            self->changed();
        } else if (const auto peer = std::exchange(self->peer_, nullptr)) {
            self->was_reset = true;
            peer->on_reset();
        }
    });
}

void TcpSocket::bring_end(std::uint64_t wait) {
    kernel_.timeline().at(arrival(wait), [self = shared_from_this()] {
        self->end_came_ = true;
        if (self->open_) self->changed();
        // Both sides have ended.
        if (!self->open_ && self->outgoing_.empty()) self->peer_ = nullptr;
    });
}

void TcpSocket::bring_reset(std::uint64_t wait) {
    kernel_.timeline().at(arrival(wait), [self = shared_from_this()] {
        if (self->was_reset || self->state_ != State::connected) return;
        self->was_reset = true;
        self->error_ = ECONNRESET;
        self->incoming_.clear();
        self->outgoing_.clear();
        self->peer_ = nullptr;
        if (self->open_) self->changed();
    });
}

void TcpSocket::part() {
    if (const auto peer = std::exchange(peer_, nullptr)) peer->socket = nullptr;
}

void TcpSocket::stall(bool stalled) {
    stalled_ = stalled;
    if (!stalled) pump();
}

void TcpSocket::pump() {
    if (pumping_ || stalled_ || !peer_ || (outgoing_.empty() && (!end_sent_ || end_told_))) return;
    pumping_ = true;
    kernel_.timeline().after(latency, [self = shared_from_this()] { self->take_some(); });
}

void TcpSocket::take_some() {
    pumping_ = false;
    if (!peer_ || stalled_) return;
    const auto peer = peer_;
    if (!outgoing_.empty()) {
        const auto count = static_cast<std::ptrdiff_t>(std::min(outgoing_.size(), bytes_at_once));
        const std::vector<std::uint8_t> bytes(outgoing_.begin(), outgoing_.begin() + count);
        outgoing_.erase(outgoing_.begin(), outgoing_.begin() + count);
        if (open_) changed();
        peer->on_bytes(bytes);
    } else if (end_sent_ && !end_told_) {
        end_told_ = true;
        peer->on_finished();
    }
    pump();
}

}  // namespace dproxy::simulation
