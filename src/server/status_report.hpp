// SPDX-License-Identifier: MIT
// /status: what a running instance knows about itself, as JSON. Documented in docs/operations.md.
#pragma once

#include <string>
#include <vector>

#include "net/address.hpp"
#include "routing/loop_marks.hpp"
#include "server/reloader.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::server {

struct StatusFacts {
    std::string version;
    std::string revision;
    std::uint64_t uptime_seconds = 0;
    std::string not_ready;  ///< the reason; empty when ready
    std::vector<net::Endpoint> listen;
    std::shared_ptr<const config::RoutesState> routes;
    std::shared_ptr<const proxy::Publication> publication;
    std::shared_ptr<const routing::LoopMarks> loops;
    WatchState watch;
    std::vector<proxy::HostReport> hosts;
    LeftOutList::Reports left_out;
    telemetry::ConfigFacts config;
    std::size_t workers = 0;
    std::vector<const telemetry::WorkerCounters*> counters;  ///< of the workers and of the prober
    std::uint64_t now_ns = 0;                                ///< of the monotonic clock
};

std::string status_json(const StatusFacts& facts);

}  // namespace dproxy::server
