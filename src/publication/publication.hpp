// SPDX-License-Identifier: MIT
// What a reload hands to the workers: immutable, shared by all of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "io/stream_filter.hpp"
#include "publication/upstream_health.hpp"
#include "routing/route_settings.hpp"
#include "routing/route_table.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::proxy {

/// Of the upstreams of one route, as many take part in a choice.
inline constexpr std::size_t max_candidates = 256;

/// An upstream that some route names. The serial is never given twice, so that what a worker keeps for
/// an upstream (sockets, counters) is found again after a reload and never mistaken.
struct UpstreamSpec {
    std::uint64_t serial = 0;
    routing::UpstreamKey key;
    telemetry::Slot slot = telemetry::other_slot;
    routing::Health health_mode = routing::Health::off;  ///< the most watchful of its routes
    std::shared_ptr<UpstreamHealth> health;              ///< never null
    std::optional<routing::ProbeSetting> probe;          ///< of the first of its routes that says one
    /// What its connections are encrypted by, the same for as long as the serial is. Null: they are not, or must not be
    /// made where its protocol is encrypted.
    std::shared_ptr<const io::PeerFilterSource> filters{};
};

/// The settings of a group of routes, with the upstreams that its targets are at present.
struct Pool {
    std::shared_ptr<const routing::RouteSettings> settings;
    std::vector<std::uint32_t> upstreams;  ///< into PoolSet::upstreams, each once
    /// By which answers that are kept are its own: a route that is another from now on has another. 0: none is kept.
    std::uint32_t keeping_serial = 0;
    /// How queries count where there are none, and `answer` is not the reason.
    telemetry::Rejection why_empty = telemetry::Rejection::no_upstream;
};

inline constexpr std::uint32_t no_pool = 0xffffffff;

/// Kept alive by queries in flight until they end; apart from the table, which may be large.
struct PoolSet {
    std::vector<Pool> pools;  ///< those of the table's settings_list() in its order, then the master's
    std::uint32_t master = no_pool;
    std::vector<UpstreamSpec> upstreams;
};

/// Made anew when routes change, and when addresses of host names do; then only the pools are others.
struct Publication {
    std::uint64_t table_serial = 0;  ///< the same for as long as the table is
    std::shared_ptr<const routing::RouteTable> table;
    std::shared_ptr<const std::vector<telemetry::Slot>> route_slots;  ///< of each route of the table; never null
    std::shared_ptr<const PoolSet> pools;
    std::vector<telemetry::Slot> route_slots_to_clear;
    std::vector<telemetry::Slot> upstream_slots_to_clear;
};

}  // namespace dproxy::proxy
