// SPDX-License-Identifier: MIT
#include "routing/loop_passes.hpp"

#include <utility>

namespace dproxy::routing {

std::uint16_t probe_type_of(const RouteSettings& settings) {
    const auto& types = settings.audience.types;
    return types.empty() || settings.audience.has_type(dns::type::hinfo) ? dns::type::hinfo : types.front();
}

bool LoopPasses::goes_round(const RouteTable& table, const LoopPlace& place, dns::Bytes probe,
                            const net::Address& peer) {
    if (!table.depends_on_asker()) return true;
    const Asker asker{&peer, probe_type_of(*place.settings)};
    const auto way_of = [&](dns::Bytes name) {
        const RouteIndex route = table.find(name, asker);
        return route == no_route ? master_route_key : table.key(route);
    };
    // An exact pattern has no names below; a wildcard has not its own.
    const std::uint64_t below = way_of(probe);
    if (below == place.route_key || way_of(place.domain.wire()) == place.route_key) return true;
    if (passes_.size() == max_passes && !passes_.contains(place.route_key)) passes_.erase(passes_.begin());
    passes_.insert_or_assign(place.route_key, Pass{place.settings.get(), below});
    std::uint64_t at = below;
    for (std::size_t steps = 0; steps < passes_.size(); ++steps) {
        const auto next = passes_.find(at);
        if (next == passes_.end()) return false;
        at = next->second.to;
        if (at == place.route_key) return true;
    }
    return false;
}

void LoopPasses::retain(const std::function<bool(const RouteSettings*, std::uint64_t)>& is_there) {
    std::erase_if(passes_, [&](const auto& one) { return !is_there(one.second.settings, one.first); });
}

}  // namespace dproxy::routing
