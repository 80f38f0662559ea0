// SPDX-License-Identifier: MIT
// What the client side tells the relay.
#pragma once

#include "dns/message.hpp"
#include "queries/client.hpp"
#include "queries/turn.hpp"

namespace dproxy::proxy {

class QueryHandler {
public:
    /// First and last in every handler of the client side, by a Turn.
    virtual void on_turn(TurnKey) = 0;
    virtual void flush(TurnKey) = 0;
    /// A message from a client. The bytes may be changed; they are not kept. True when the query is in
    /// flight (ClientSide::done() comes later, or came), false when it has been dealt with.
    virtual bool on_query(dns::MutableBytes message, const Client& client) = 0;
    /// A client on a connection has taken all that was queued for it, or is gone.
    virtual void on_client_drained(const Client& client) = 0;
    virtual void on_client_gone(const Client& client) = 0;
    /// Of the turn at hand.
    virtual std::uint64_t now_ns() const = 0;

protected:
    ~QueryHandler() = default;
};

}  // namespace dproxy::proxy
