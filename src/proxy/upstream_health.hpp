// SPDX-License-Identifier: MIT
// Whether an upstream is up. Workers say what they saw of it, the prober judges; both by single atomic
// values, so that neither waits for the other.
#pragma once

#include <atomic>
#include <cstdint>

#include "routing/route_settings.hpp"

namespace dproxy::proxy {

/// One for each upstream, kept over reloads for as long as a route names it. All times are of the
/// monotonic clock, in nanoseconds.
struct UpstreamHealth {
    std::atomic<bool> up{true};            ///< written by the prober only; true until known to be down
    /// Since when `up` is as it is: from its last change, or from when the prober first knew of the upstream;
    /// 0: not yet known to it. Written by the prober.
    std::atomic<std::uint64_t> changed_ns{0};
    /// When a worker had a message from it last. A worker writes at most each report_interval_ns.
    std::atomic<std::uint64_t> heard_ns{0};
    /// Queries that timed out since a message came, or since `up` changed: `passive` counts them.
    std::atomic<std::uint32_t> timeouts{0};
    /// When a probe was answered last. Written by the prober.
    std::atomic<std::uint64_t> probed_ns{0};
    /// A worker lacks a reply: the next probe may come at once.
    std::atomic<bool> suspected{false};

    static constexpr std::uint64_t report_interval_ns = 50'000'000;
};

/// Of several routes that name one upstream, the most watchful counts: on, then passive, then off.
inline routing::Health most_watchful(routing::Health a, routing::Health b) { return a < b ? a : b; }

}  // namespace dproxy::proxy
