// SPDX-License-Identifier: MIT
// One publication as a worker uses it. Queries in flight keep the pools of the generation they began
// with; the table goes with the next reload.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "publication/publication.hpp"
#include "routing/hedge_budget.hpp"
#include "upstreams/upstream.hpp"

namespace dproxy::proxy {

struct Generation {
    std::uint64_t table_serial = 0;
    std::shared_ptr<const PoolSet> pools;
    std::vector<Upstream*> upstreams;  ///< of pools->upstreams, in its order
    std::vector<std::uint32_t> turns;  ///< of each pool: grows with each of its queries
    std::vector<routing::HedgeBudget> hedges;  ///< of each pool
    std::uint32_t inflight = 0;
};

/// The generations of one worker, and with them its upstreams. One thread.
class Generations {
public:
    explicit Generations(UpstreamContext& context) : context_(context) {}

    /// First, before slots are cleared for others: upstreams that have another slot in the publication, or none, leave
    /// the one they have with their gauges.
    void leave_slots(const Publication& publication);
    /// Makes the publication's pools the current ones, or, where it throws for want of memory, changes nothing.
    /// Upstreams that stay keep all they have, and are told what their routes say of them now.
    void adopt(const Publication& publication);
    Generation& current() { return *generations_.back(); }
    bool ready() const { return !generations_.empty(); }

    /// A query of this generation ended: when it was the last of an old one, what only that one named goes.
    void left(Generation& generation);

    /// Between two turns: destroys the upstreams that left.
    void clear_leaving() { leaving_.clear(); }

    template <typename Visit>
    void for_each_upstream(Visit visit) {
        for (const auto& [serial, upstream] : upstreams_) visit(*upstream);
    }

private:
    void drop_if_unused(std::size_t index);

    UpstreamContext& context_;
    std::vector<std::unique_ptr<Generation>> generations_;  ///< the last is the current one
    std::unordered_map<std::uint64_t, std::unique_ptr<Upstream>> upstreams_;  ///< by serial
    std::vector<std::unique_ptr<Upstream>> leaving_;  ///< named by nothing any more
};

}  // namespace dproxy::proxy
