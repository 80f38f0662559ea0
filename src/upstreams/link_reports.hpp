// SPDX-License-Identifier: MIT
// What links tell the relay.
// Held by tests/unit/upstreams/upstream_socket_test.cpp and tests/unit/upstreams/upstream_stream_test.cpp.
#pragma once

#include <cstdint>

#include "queries/in_flight.hpp"
#include "queries/turn.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::proxy {

/// What a link has to say, collected in UpstreamContext::reports until the relay fetches it: at the end of the turn,
/// when no link is in the midst of anything.
struct LinkReport {
    enum class Kind : std::uint8_t {
        failed,   ///< the query's attempt has come to nothing: its datagram could not be sent, its connection ended
        unheard,  ///< the server did not look at it, and said so: to be sent again, whatever it is, uncounted
        stale,    ///< it lay on a kept connection that closed before it had a chance: to be sent again, uncounted
        doubted,  ///< of all on this link: an unauthenticated sign (ICMP) that they may come to nothing
        guessed,  ///< of all on this link: forged replies come to its port; to be asked elsewhere where they may be
    };
    Kind kind = Kind::failed;
    telemetry::Failure failure = telemetry::Failure::other;
    Ticket ticket = 0;           ///< of failed, unheard and stale, as is
    QueryIndex query = no_query;  ///< this
    Link* link = nullptr;
};

/// The one thing that cannot wait, as its bytes lie in a buffer of the link's. Called out of what came from the
/// network, never in the midst of a call into the link. What is done in it may release attempts of the link and queue
/// others on it; it destroys none.
class LinkEvents {
public:
    /// First in every handler, by a Turn: the time is read once for all that comes in it.
    virtual void on_turn(TurnKey) = 0;
    /// Last in every handler, by the same: reports are fetched, and what was queued leaves in batches.
    virtual void flush(TurnKey) = 0;
    /// A message came under a ticket that is in use. False where it is not the reply to the attempt that has it.
    virtual bool on_reply(QueryIndex query, Link& link, Ticket ticket, dns::MutableBytes reply) = 0;

protected:
    ~LinkEvents() = default;
};

}  // namespace dproxy::proxy
