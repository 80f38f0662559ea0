// SPDX-License-Identifier: MIT
// Whom a query or a zone transfer asks next: the route's policy, over what this worker knows of its upstreams.
#pragma once

#include <cstdint>
#include <span>

#include "dns/message.hpp"
#include "proxy/generation.hpp"

namespace dproxy::proxy {

/// Who is to be asked, and who was asked before.
struct Asker {
    Generation& generation;
    std::uint32_t pool = 0;
    std::span<Upstream* const> tried;  ///< each attempt's upstream, in order
    dns::Bytes name;                   ///< of the question
};

/// Null when all are down and none may be risked. One that was tried is chosen again only when no other is up. On the
/// worker's thread; the pool is not empty.
Upstream* choose_from_pool(const Asker& asker, UpstreamContext& context);

/// How many upstreams of the pool are up and were not tried yet: those a next attempt could go to.
std::size_t count_fresh(const Asker& asker);

}  // namespace dproxy::proxy
