// SPDX-License-Identifier: MIT
// Who gives way when a limit is reached: the client network that holds most, its oldest first. So one client may have
// all there is while nobody else wants it, and no longer. No sockets, no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "net/client_network.hpp"

namespace dproxy::routing {

/// One thing that is held for a client: a query, a connection.
struct Holding {
    net::ClientNetwork network;
    std::uint64_t since_ns = 0;
    std::uint64_t amount = 1;  ///< in whatever the limit counts
    std::uint32_t holder = 0;  ///< the caller's own number for it
};

/// Those that are to end, in this order, until `wanted` is free. Of networks that hold the same, that with the oldest.
/// Costs as much as sorting them: a caller asks for more than the one place that it needs.
std::vector<std::uint32_t> who_gives_way(std::vector<Holding> holdings, std::uint64_t wanted);

/// Who ends for a newcomer, where giving way costs much and so is asked of nobody for one's own sake: the oldest of the
/// network that holds most, if that is more than the newcomer's would hold with it. Nothing: the newcomer is refused.
std::optional<std::uint32_t> who_gives_way_for(const net::ClientNetwork& newcomer, std::vector<Holding> holdings);

}  // namespace dproxy::routing
