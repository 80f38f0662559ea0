// SPDX-License-Identifier: MIT
// What a running instance knows about itself at one moment: what /status tells as JSON and the page at / shows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "route_files/files_in_force.hpp"
#include "routing/loop_marks.hpp"
#include "server/last_reloads.hpp"
#include "server/listeners.hpp"
#include "server/recent_past.hpp"
#include "server/reloader.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::server {

struct StatusFacts {
    std::string version;
    std::string revision;
    std::uint64_t uptime_seconds = 0;
    std::string not_ready;  ///< the reason; empty when ready
    ListenAddresses listen;
    std::shared_ptr<const config::RoutesState> routes;
    std::shared_ptr<const config::FilesInForce> files_in_force = std::make_shared<const config::FilesInForce>();
    std::shared_ptr<const proxy::Publication> publication;
    bool in_force = true;  ///< every worker goes by the publication made last
    std::shared_ptr<const routing::LoopMarks> loops;
    WatchState watch;
    std::vector<proxy::HostReport> hosts;
    LeftOutList::Reports left_out;
    LastReloads::Notes reloads = LastReloads().notes();
    telemetry::ConfigFacts config;
    std::size_t workers = 0;
    std::uint64_t cache_size = 0;  ///< bytes that kept answers may take
    std::vector<const telemetry::WorkerCounters*> counters;  ///< of the workers and of the prober
    std::uint64_t now_ns = 0;                                ///< of the monotonic clock
    RecentPast past{};                                       ///< for the page
};

}  // namespace dproxy::server
