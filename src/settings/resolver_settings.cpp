// SPDX-License-Identifier: MIT
#include "settings/resolver_settings.hpp"

#include "settings/system_upstreams.hpp"

namespace dproxy::config {

routing::ResolverSettings resolver_settings(const Settings& settings) {
    routing::ResolverSettings resolver;
    if (!settings.bootstrap.empty()) {
        resolver.nameservers = settings.bootstrap;
        return resolver;
    }
    const auto conf = parse_resolv_conf(read_resolv_conf(), resolver_environment());
    for (const net::Address& nameserver : conf.nameservers) {
        resolver.nameservers.push_back({nameserver, resolver_port});
    }
    resolver.search = conf.search;
    resolver.ndots = conf.ndots;
    resolver.timeout = conf.timeout;
    resolver.attempts = conf.attempts;
    resolver.rotate = conf.rotate;
    resolver.use_tcp = conf.use_tcp;
    resolver.no_aaaa = conf.no_aaaa;
    resolver.no_tld_query = conf.no_tld_query;
    return resolver;
}

}  // namespace dproxy::config
