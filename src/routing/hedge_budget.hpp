// SPDX-License-Identifier: MIT
// How many queries a route may send twice before the first is given up (`hedge`): one for twenty of its queries,
// so that hedging never adds more than 5 % of load, least of all to upstreams that are slow because of it.
#pragma once

#include <algorithm>
#include <cstdint>

namespace dproxy::routing {

/// One for each pool and worker. Begins with nothing to spend.
class HedgeBudget {
public:
    static constexpr std::uint32_t queries_for_one = 20;
    static constexpr std::uint32_t most_at_once = 20;  ///< hedges that can be saved up

    void on_query() { saved_ = std::min(saved_ + 1, queries_for_one * most_at_once); }
    /// Whether a hedge may be sent now: it is paid for then.
    bool take() {
        if (saved_ < queries_for_one) return false;
        saved_ -= queries_for_one;
        return true;
    }

private:
    std::uint32_t saved_ = 0;  ///< in queries
};

}  // namespace dproxy::routing
