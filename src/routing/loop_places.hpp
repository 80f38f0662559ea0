// SPDX-License-Identifier: MIT
// Which places are to be asked about loops when routes appear: each new pattern, and what lies next to it without a
// route of its own, as that is where another server's forwarding and our routes tend to differ.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "routing/loop_marks.hpp"
#include "routing/route_table.hpp"

namespace dproxy::routing {

/// One owner, one thread.
class LoopPlaces {
public:
    /// Of the patterns that are new in one table, as many are asked: `*` and the widest wildcards first.
    static constexpr std::size_t max_new_patterns = 4096;

    struct Chosen {
        std::vector<LoopPlace> places;  ///< the master upstream's first
        std::size_t left_out = 0;       ///< patterns beyond the limit
    };
    /// What is new against the table given last. `master`: where names without a route go, or null. Routes that
    /// answer by themselves have no upstream, and lead nowhere.
    Chosen choose(const RouteTable& table, const std::shared_ptr<const RouteSettings>& master);

    /// The other patterns of the place's section, `max_new_patterns` at the most; none where it is not in the table.
    static std::vector<LoopPlace> others_of(const LoopPlace& place, const RouteTable& table);

private:
    std::vector<std::uint64_t> known_;  ///< hashes of (settings, route, pattern) of the last table, in order
    std::shared_ptr<const RouteSettings> master_;
    /// Kept until the next table is compared, so that no new settings can have the address of old ones.
    std::vector<std::shared_ptr<const RouteSettings>> settings_;
};

}  // namespace dproxy::routing
