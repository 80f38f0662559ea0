// SPDX-License-Identifier: MIT
#include "reports/own_upstreams.hpp"

#include <algorithm>

#include "ini/counted.hpp"
#include "net/own_addresses.hpp"

namespace dproxy::config {
namespace {

/// The first of the targets that is dproxy itself; null where none is.
const routing::Target* own_target(const std::vector<routing::Target>& targets, const net::OwnAddresses& own) {
    const auto found = std::find_if(targets.begin(), targets.end(), [&](const routing::Target& target) {
        return target.host.empty() && own.contains(target.endpoint);
    });
    return found == targets.end() ? nullptr : &*found;
}

std::string sentence(const routing::Target& target) {
    return "at " + target.endpoint.to_string() + " dproxy itself listens; this address is left out";
}

}  // namespace

Diagnostics own_upstream_warnings(const routing::RouteTable& table, const Settings& settings) {
    const net::OwnAddresses own{listen_endpoints(settings), {}};
    Diagnostics warnings;
    std::vector<const routing::Target*> of_settings;
    for (const auto& one : table.settings_list()) of_settings.push_back(own_target(one->targets, own));
    std::size_t more = 0;
    for (routing::RouteIndex route = 0; route < table.route_count(); ++route) {
        const routing::Target* target = of_settings[table.settings_index(route)];
        if (target == nullptr) continue;
        if (warnings.size() == max_own_upstream_warnings) {
            ++more;
            continue;
        }
        const auto [file, line] = table.source(route);
        warnings.push_back({Severity::warning, std::string(file), line, "`address`: " + sentence(*target)});
    }
    if (more > 0) {
        const std::string rest = "and " + counted(more, "more route") + " with dproxy itself as an upstream";
        warnings.push_back({Severity::warning, "routes", 0, rest});
    }
    if (settings.use_master_upstream) {
        const routing::Target* target = own_target(settings.master_upstream, own);
        if (target != nullptr) warnings.push_back({Severity::warning, "masterupstream", 0, sentence(*target)});
    }
    return warnings;
}

}  // namespace dproxy::config
