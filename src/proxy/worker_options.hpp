// SPDX-License-Identifier: MIT
// What one worker needs of the settings: limits already divided by the number of workers.
#pragma once

#include <cstdint>

#include "net/address.hpp"
#include "routing/loop_token.hpp"
#include "routing/route_settings.hpp"

namespace dproxy::proxy {

struct WorkerOptions {
    bool allow_all = true;
    net::NetworkList allow;
    routing::LocalAnswer no_route_answer = routing::LocalAnswer::refused;
    std::uint32_t rate_limit = 0;        ///< queries a second for each client network; 0: off
    std::uint32_t max_inflight = 100000;
    unsigned workers = 1;                ///< a route's max_inflight is divided by it
    std::uint32_t tcp_queries = 10000;
    std::uint32_t tcp_inflight = 100;
    std::uint64_t tcp_idle_ns = 10'000'000'000;
    routing::LoopToken loop_token{{}};   ///< of this process
};

/// A limit of the whole process, as one of `workers` keeps it.
inline std::uint32_t share_of(std::uint32_t limit, unsigned workers) { return (limit + workers - 1) / workers; }

}  // namespace dproxy::proxy
