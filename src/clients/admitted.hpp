// SPDX-License-Identifier: MIT
// The places that one connection of a client has taken. Whoever holds this lets go of them by letting go of it: so they
// are given back once, wherever making the connection fails.
// Held by tests/unit/clients/admitted_test.cpp.
#pragma once

#include <utility>

#include "clients/handshakes.hpp"
#include "clients/tcp_limits.hpp"
#include "net/client_network.hpp"

namespace dproxy::proxy {

/// One thread. Among all connections; and, until it has ended, among the handshakes under way.
class Admitted {
public:
    /// The limits, which outlive it, have admitted the client.
    Admitted(TcpLimits& limits, const net::ClientNetwork& client) : limits_(&limits), client_(client) {}
    Admitted(Admitted&& other) noexcept
        : limits_(std::exchange(other.limits_, nullptr)),
          handshakes_(std::exchange(other.handshakes_, nullptr)),
          client_(other.client_),
          how_(other.how_) {}
    Admitted& operator=(Admitted&&) = delete;
    ~Admitted() {
        if (limits_) limits_->leave(client_);
        if (handshakes_) handshakes_->end(client_, how_);
    }

    const net::ClientNetwork& client() const { return client_; }
    /// These, which outlive it, have admitted its handshake.
    void begin_handshake(Handshakes& handshakes) { handshakes_ = &handshakes; }
    bool is_handshaking() const { return handshakes_ != nullptr; }
    /// How a handshake under way is to be counted when this goes.
    void count_handshake_as(telemetry::Handshake how) { how_ = how; }
    void end_handshake(telemetry::Handshake how) { std::exchange(handshakes_, nullptr)->end(client_, how); }

private:
    TcpLimits* limits_;
    Handshakes* handshakes_ = nullptr;
    net::ClientNetwork client_;
    telemetry::Handshake how_ = telemetry::Handshake::closed;
};

}  // namespace dproxy::proxy
