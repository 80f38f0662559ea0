// SPDX-License-Identifier: MIT
#include "upstreams/pool_choice.hpp"

#include <algorithm>

#include "routing/upstream_choice.hpp"

namespace dproxy::proxy {

namespace {

/// The upstreams of the pool that take part.
class Candidates {
public:
    explicit Candidates(const PoolChoice& choice)
        : choice_(choice), pool_(choice.generation.pools->pools[choice.pool]) {}

    const Pool& pool() const { return pool_; }
    std::size_t count() const { return std::min(pool_.upstreams.size(), max_candidates); }
    Upstream* at(std::size_t i) const { return choice_.generation.upstreams[pool_.upstreams[i]]; }
    bool was_tried(std::size_t i) const {
        return std::find(choice_.tried.begin(), choice_.tried.end(), at(i)) != choice_.tried.end();
    }

private:
    const PoolChoice& choice_;
    const Pool& pool_;
};

/// All are down: the one that was heard last is the likeliest to be back. A query that was risked already goes on to
/// the next of them.
Upstream* risk_one(const Candidates& from, const PoolChoice& choice) {
    const bool risked = !choice.tried.empty();
    const net::Address client = choice.client.address();
    Upstream* best = nullptr;
    bool best_tried = false;
    for (std::size_t i = 0; i < from.count(); ++i) {
        Upstream* const one = from.at(i);
        const bool tried = risked && from.was_tried(i);
        if (!risked && !one->may_risk(client)) continue;
        const bool better = !best || (tried != best_tried ? best_tried : one->last_sign_ns() > best->last_sign_ns());
        if (!better) continue;
        best = one;
        best_tried = tried;
    }
    if (best && !risked) best->note_risk(client);
    return best;
}

}  // namespace

Upstream* choose_from_pool(const PoolChoice& choice, UpstreamContext& context) {
    const Candidates from(choice);
    const std::size_t count = from.count();
    if (count == 1) {
        Upstream* const only = from.at(0);
        return only->is_up() ? only : risk_one(from, choice);
    }
    auto& candidates = context.candidates;
    for (std::size_t i = 0; i < count; ++i) {
        Upstream& upstream = *from.at(i);
        candidates[i] = {upstream.is_up(), from.was_tried(i), upstream.is_silent(), upstream.inflight(),
                         upstream.spec().serial};
        if (candidates[i].usable && !candidates[i].silent) continue;
        if (upstream.may_risk_beside_others(choice.client.address())) {
            candidates[i].usable = candidates[i].risked = true;
            candidates[i].silent = false;
        }
    }
    const routing::Policy policy = from.pool().settings->policy;
    routing::ChoiceFacts facts;
    facts.turn = choice.generation.turns[choice.pool]++;
    facts.attempts = choice.tried.size();
    if (policy == routing::Policy::random) {
        facts.random = static_cast<std::uint32_t>(context.random.next()) << 16 | context.random.next();
    }
    if (policy == routing::Policy::hash) facts.name_hash = routing::hash_of_name(choice.name);
    const auto chosen = routing::choose_upstream(policy, {candidates.data(), count}, facts);
    if (!chosen) return risk_one(from, choice);
    Upstream* const upstream = from.at(*chosen);
    if (candidates[*chosen].risked) upstream->note_risk(choice.client.address());
    return upstream;
}

std::size_t count_fresh(const PoolChoice& choice) {
    const Candidates from(choice);
    std::size_t fresh = 0;
    for (std::size_t i = 0; i < from.count(); ++i) fresh += from.at(i)->is_up() && !from.was_tried(i);
    return fresh;
}

}  // namespace dproxy::proxy
