// SPDX-License-Identifier: MIT
// Whom a query or a zone transfer asks next: the route's policy, over what this worker knows of its upstreams.
#pragma once

#include <cstdint>
#include <span>

#include "dns/message.hpp"
#include "io/socket_address.hpp"
#include "upstreams/generation.hpp"

namespace dproxy::proxy {

/// A choice that is to be made: of which pool, and for which query.
struct PoolChoice {
    Generation& generation;
    std::uint32_t pool = 0;
    std::span<Upstream* const> tried;  ///< each attempt's upstream, in order
    dns::Bytes name;                   ///< of the question
    const io::SocketAddress& client;
};

/// Null when all are down and none may be risked. One that was tried is chosen again only when no other is up. On the
/// worker's thread; the pool is not empty.
Upstream* choose_from_pool(const PoolChoice& choice, UpstreamContext& context);

/// How many upstreams of the pool are up and were not tried yet: those a next attempt could go to.
std::size_t count_fresh(const PoolChoice& choice);

}  // namespace dproxy::proxy
