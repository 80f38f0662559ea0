// SPDX-License-Identifier: MIT
// Probes that came back and go on by another section, where sections are for some clients or types: whoever sent the
// query back sees another one. That is a way through two servers, not a loop; unless the other section leads back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

#include "net/address.hpp"
#include "routing/loop_marks.hpp"
#include "routing/route_table.hpp"

namespace dproxy::routing {

/// The type that a section's probes ask for: one that it sees.
std::uint16_t probe_type_of(const RouteSettings& settings);

/// One owner, one thread. Holds one pass for each route that has one.
class LoopPasses {
public:
    static constexpr std::size_t max_passes = 4096;

    /// Whether a probe of the place that `peer` sent back goes round, by this section or by those it leads to. `probe`
    /// is its name.
    bool goes_round(const RouteTable& table, const LoopPlace& place, dns::Bytes probe, const net::Address& peer);
    /// Those of routes that are gone or changed go.
    void retain(const std::function<bool(const RouteSettings*, std::uint64_t)>& is_there);
    std::size_t size() const { return passes_.size(); }

private:
    struct Pass {
        const RouteSettings* settings;  ///< of the route it is of
        std::uint64_t to;               ///< the key of the route by which it goes on
    };
    std::map<std::uint64_t, Pass> passes_;  ///< by the key of the route
};

}  // namespace dproxy::routing
