// SPDX-License-Identifier: MIT
// Whether an upstream is up. Workers say what they saw of it, the prober judges; both by single atomic
// values, so that neither waits for the other.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "publication/last_fault.hpp"
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
    /// Queries that brought nothing since a message came, or since `up` changed, of types that were answered before.
    /// They count where probes prove nothing.
    std::atomic<std::uint32_t> timeouts{0};
    /// The types of queries that it ever answered, see type_bit(): silence to others says nothing. Bits are only added.
    std::atomic<std::uint64_t> answered_types{0};
    /// When a probe was answered last. Written by the prober.
    std::atomic<std::uint64_t> probed_ns{0};
    /// Probes tell whether it is there: where they do not, only queries show that it is back. Written by the prober.
    std::atomic<bool> probes_tell{false};
    /// Down, and it is probes that say so. Written by the prober.
    std::atomic<bool> down_by_probes{false};
    /// A worker lacks a reply: the next probe may come at once.
    std::atomic<bool> suspected{false};
    LastFault encryption_fault{};  ///< written by the prober

    /// Why it cannot be spoken to encrypted, where nothing was heard since; else empty.
    std::string fault_now() const {
        const LastFault::Told told = encryption_fault.last();
        const auto since = [&](const std::atomic<std::uint64_t>& sign_ns) {
            return sign_ns.load(std::memory_order_relaxed) >= told.when_ns;
        };
        return since(heard_ns) || since(probed_ns) ? std::string() : told.reason;
    }

    static constexpr std::uint64_t report_interval_ns = 50'000'000;
};

/// The place of a query's type in `answered_types`; the rarer ones share one.
inline std::uint64_t type_bit(std::uint16_t type) { return std::uint64_t{1} << std::min<std::uint16_t>(type, 63); }

/// Of several routes that name one upstream, the most watchful counts: on, then passive, then off.
inline routing::Health most_watchful(routing::Health a, routing::Health b) { return a < b ? a : b; }

}  // namespace dproxy::proxy
