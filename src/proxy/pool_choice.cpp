// SPDX-License-Identifier: MIT
#include "proxy/pool_choice.hpp"

#include <algorithm>

#include "proxy/limits.hpp"
#include "routing/upstream_choice.hpp"

namespace dproxy::proxy {

namespace {

/// The upstreams of the pool that take part.
class Candidates {
public:
    explicit Candidates(const Asker& asker) : asker_(asker), pool_(asker.generation.pools->pools[asker.pool]) {}

    const Pool& pool() const { return pool_; }
    std::size_t count() const { return std::min(pool_.upstreams.size(), max_candidates); }
    Upstream* at(std::size_t i) const { return asker_.generation.upstreams[pool_.upstreams[i]]; }
    bool was_tried(std::size_t i) const {
        return std::find(asker_.tried.begin(), asker_.tried.end(), at(i)) != asker_.tried.end();
    }

private:
    const Asker& asker_;
    const Pool& pool_;
};

Upstream* try_one_that_is_down(Upstream* upstream) {
    if (!upstream->may_try()) return nullptr;
    upstream->note_trial();
    return upstream;
}

}  // namespace

Upstream* choose_from_pool(const Asker& asker, UpstreamContext& context) {
    const Candidates from(asker);
    const std::size_t count = from.count();
    if (count == 1) {
        Upstream* only = from.at(0);
        if (only->is_up() || !asker.tried.empty()) return only;
        return try_one_that_is_down(only);
    }
    auto& candidates = context.candidates;
    for (std::size_t i = 0; i < count; ++i) {
        Upstream& upstream = *from.at(i);
        candidates[i] = {upstream.is_up(), from.was_tried(i), upstream.is_silent(), upstream.inflight(),
                         upstream.spec().serial};
        // Nothing but a query shows that an upstream without probes is back.
        if (!candidates[i].usable && upstream.spec().health_mode == routing::Health::passive) {
            candidates[i].usable = upstream.may_try();
        }
    }
    const routing::Policy policy = from.pool().settings->policy;
    routing::ChoiceFacts facts;
    facts.turn = asker.generation.turns[asker.pool]++;
    if (policy == routing::Policy::random) {
        facts.random = static_cast<std::uint32_t>(context.random.next()) << 16 | context.random.next();
    }
    if (policy == routing::Policy::hash) facts.name_hash = routing::hash_of_name(asker.name);
    const std::span<const routing::Candidate> all(candidates.data(), count);
    if (const auto chosen = routing::choose_upstream(policy, all, facts)) {
        Upstream* upstream = from.at(*chosen);
        upstream->note_trial();
        return upstream;
    }
    // All are down. A query that was risked already goes on to the next of them.
    if (!asker.tried.empty()) return from.at(asker.tried.size() % count);
    for (std::size_t i = 0; i < count; ++i) {
        if (Upstream* upstream = try_one_that_is_down(from.at(i))) return upstream;
    }
    return nullptr;
}

std::size_t count_fresh(const Asker& asker) {
    const Candidates from(asker);
    std::size_t fresh = 0;
    for (std::size_t i = 0; i < from.count(); ++i) fresh += from.at(i)->is_up() && !from.was_tried(i);
    return fresh;
}

}  // namespace dproxy::proxy
