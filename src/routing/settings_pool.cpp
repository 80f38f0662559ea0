// SPDX-License-Identifier: MIT
#include "routing/settings_pool.hpp"

#include <functional>
#include <iterator>
#include <string>
#include <utility>

namespace dproxy::routing {

std::shared_ptr<const RouteSettings> SettingsPool::intern(RouteSettings settings) {
    if (const auto known = known_.find(settings); known != known_.end()) return *known;
    return *known_.insert(std::make_shared<const RouteSettings>(std::move(settings))).first;
}

void SettingsPool::forget_unused() {
    // Only this thread hands out pointers of the pool: one that nobody else holds stays so.
    std::erase_if(known_, [](const Shared& settings) { return settings.use_count() == 1; });
}

std::size_t SettingsPool::Hash::operator()(const RouteSettings& settings) const noexcept {
    // What tells routes apart in practice: their addresses. Equality looks at the rest.
    std::size_t hash = static_cast<std::size_t>(settings.timeout.count()) * 31 + settings.max_inflight;
    hash = hash * 31 + static_cast<std::size_t>(settings.answer);
    hash = hash * 31 + settings.allow.networks().size();
    for (const Target& target : settings.targets) {
        hash = hash * 31 + std::hash<net::Endpoint>{}(target.endpoint);
        hash = hash * 31 + std::hash<std::string>{}(target.host);
    }
    return hash;
}

}  // namespace dproxy::routing
