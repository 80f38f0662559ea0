// SPDX-License-Identifier: MIT
// What dnstap is told of messages to and from upstreams. Called only where context.tap.is_on().
#pragma once

#include <cstdint>

#include "net/address.hpp"
#include "queries/in_flight.hpp"
#include "upstreams/link.hpp"
#include "upstreams/upstream_context.hpp"

namespace dproxy::proxy {

/// By what an upstream was asked, and about what.
struct Asking {
    const Upstream& upstream;
    bool by_stream = false;
    net::Endpoint local{};  ///< our socket; `[::]:0`: it is not known
    dns::Bytes zone{};      ///< of the route
    std::uint64_t sent_ns = 0;
};

void tell_sent(UpstreamContext& context, const Asking& asking, dns::Bytes message);
void tell_replied(UpstreamContext& context, const Asking& asking, dns::Bytes reply);

// The same of a query in flight.

/// `message`: with the ID and all else that leaves by the link.
void tell_sent(Link& link, QueryIndex query, dns::Bytes message);
void tell_replied(Link& link, QueryIndex query, std::uint64_t sent_ns, dns::Bytes reply);

}  // namespace dproxy::proxy
