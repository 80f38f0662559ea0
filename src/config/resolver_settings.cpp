// SPDX-License-Identifier: MIT
#include "config/resolver_settings.hpp"

#include "config/system_upstreams.hpp"

namespace dproxy::config {

routing::ResolverSettings resolver_settings(const Settings& settings) {
    routing::ResolverSettings resolver;
    if (!settings.bootstrap.empty()) {
        resolver.nameservers = settings.bootstrap;
        return resolver;
    }
    const auto conf = parse_resolv_conf(read_resolv_conf());
    for (const net::Address& nameserver : conf.nameservers) {
        resolver.nameservers.push_back({nameserver, resolver_port});
    }
    resolver.search = conf.search;
    resolver.ndots = conf.ndots;
    resolver.timeout = conf.timeout;
    resolver.attempts = conf.attempts;
    return resolver;
}

}  // namespace dproxy::config
