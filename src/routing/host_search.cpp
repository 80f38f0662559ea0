// SPDX-License-Identifier: MIT
#include "routing/host_search.hpp"

#include <algorithm>

namespace dproxy::routing {

std::vector<dns::Name> host_candidates(std::string_view host, const ResolverSettings& settings) {
    const dns::Name as_it_is = dns::Name::parse(host, true).name;
    if (host.ends_with('.')) return {as_it_is};
    std::vector<dns::Name> below;
    const std::size_t domains = std::min(settings.search.size(), max_search_domains);
    for (std::size_t i = 0; i < domains; ++i) {
        const std::string& domain = settings.search[i];
        if (domain == ".") continue;  // the name as it is
        const auto parsed = dns::Name::parse(std::string(host) + "." + domain, true);
        if (!parsed.fault) below.push_back(parsed.name);
    }
    const auto dots = static_cast<std::size_t>(std::count(host.begin(), host.end(), '.'));
    if (dots == 0 && settings.no_tld_query && !below.empty()) return below;
    below.insert(dots >= settings.ndots ? below.begin() : below.end(), as_it_is);
    return below;
}

bool is_localhost(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    return host == "localhost" || host.ends_with(".localhost");
}

}  // namespace dproxy::routing
