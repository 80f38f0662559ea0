// SPDX-License-Identifier: MIT
// All links of one upstream by one transport.
#pragma once

#include <cstdint>
#include <vector>

#include "queries/in_flight.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::proxy {

enum class Sent : std::uint8_t {
    yes,
    full,   ///< all links are busy: Carrier::wait() is to be asked, or somebody to give way
    waits,  ///< its upstream comes on UpstreamContext::with_room later
    no,
};

/// What became of a query that was to be sent.
struct Sending {
    Sent sent = Sent::yes;
    telemetry::Failure failure = telemetry::Failure::other;  ///< why not
};

/// One thread. Belongs to its Upstream, and owns its links. What is called never calls back, see Link. The defaults
/// are those of a transport by which nobody has to wait.
class Carrier {
public:
    virtual ~Carrier() = default;

    /// Queues the query's stored message as the attempt, which is filled in, by another link than `avoid` where one
    /// can be had. It leaves at the end of the turn.
    virtual Sending send(QueryIndex query, Attempt& attempt, Link* avoid) = 0;
    /// After `full`: the query waits for a link that is not `avoid`.
    virtual Sending wait(QueryIndex, Link*) { return {Sent::no, telemetry::Failure::overload}; }
    /// After `full`: the queries on links that are to end, so that this one need not wait.
    virtual std::vector<QueryIndex> who_gives_way_to(QueryIndex) const { return {}; }
    /// A query that waited for a link and can have one now, which it waits for no longer; in the order they came.
    virtual QueryIndex next_waiting() { return no_query; }
    virtual bool any_waiting() const { return false; }
    /// The query has come to its end, or goes elsewhere. Nothing happens where it does not wait.
    virtual void stop_waiting(QueryIndex) {}
    /// Each second, out of no other call: links that are old, idle or at their end go.
    virtual void maintain() = 0;
};

}  // namespace dproxy::proxy
