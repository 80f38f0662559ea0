// SPDX-License-Identifier: MIT
#include "server/resolver_settings.hpp"

#include "config/system_upstreams.hpp"

namespace dproxy::server {

routing::ResolverSettings resolver_settings(const config::Settings& settings) {
    routing::ResolverSettings resolver;
    if (!settings.bootstrap.empty()) {
        resolver.nameservers = settings.bootstrap;
        return resolver;
    }
    const auto conf = config::parse_resolv_conf(config::read_resolv_conf());
    for (const net::Address& nameserver : conf.nameservers) {
        resolver.nameservers.push_back({nameserver, config::resolver_port});
    }
    resolver.search = conf.search;
    resolver.ndots = conf.ndots;
    resolver.timeout = conf.timeout;
    resolver.attempts = conf.attempts;
    return resolver;
}

}  // namespace dproxy::server
