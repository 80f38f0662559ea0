// SPDX-License-Identifier: MIT
// What the client side tells the relay.
#pragma once

#include "dns/message.hpp"
#include "proxy/client.hpp"

namespace dproxy::proxy {

class QueryHandler {
public:
    /// First and last in every handler of the client side; see LinkEvents.
    virtual void on_turn() = 0;
    virtual void flush() = 0;
    /// A message from a client. The bytes may be changed; they are not kept. True when the query is in
    /// flight (of a TCP client: query_done() comes later, or came), false when it has been dealt with.
    virtual bool on_query(dns::MutableBytes message, const Client& client) = 0;
    /// A TCP client has taken all that was queued for it, or is gone.
    virtual void on_client_drained(const Client& client) = 0;
    virtual void on_client_gone(const Client& client) = 0;
    /// Of the turn at hand.
    virtual std::uint64_t now_ns() const = 0;

protected:
    ~QueryHandler() = default;
};

}  // namespace dproxy::proxy
