// SPDX-License-Identifier: MIT
#include "settings/resolver_settings.hpp"

#include "catch.hpp"
#include "settings/setting_keys.hpp"
#include "settings/system_upstreams.hpp"

using namespace dproxy;
using namespace dproxy::config;

TEST_CASE("the nameservers of `bootstrap` are asked for names as they are written", "[resolver_settings]") {
    Settings settings = default_settings();
    settings.bootstrap = {*net::Endpoint::parse("192.0.2.1:5353", 0), *net::Endpoint::parse("[2001:db8::1]:53", 0)};
    const routing::ResolverSettings resolver = resolver_settings(settings);
    CHECK(resolver.nameservers == settings.bootstrap);
    CHECK(resolver.search.empty());
    CHECK(resolver.ndots == routing::ResolverSettings{}.ndots);
    CHECK_FALSE(resolver.use_tcp);
}

TEST_CASE("without `bootstrap` it is what this machine's resolv.conf says, on port 53", "[resolver_settings]") {
    const ResolvConf conf = parse_resolv_conf(read_resolv_conf(), resolver_environment());
    const routing::ResolverSettings resolver = resolver_settings(default_settings());
    REQUIRE(resolver.nameservers.size() == conf.nameservers.size());
    for (std::size_t i = 0; i < conf.nameservers.size(); ++i) {
        CHECK(resolver.nameservers[i] == net::Endpoint{conf.nameservers[i], 53});
    }
    CHECK(resolver.search == conf.search);
    CHECK(resolver.ndots == conf.ndots);
    CHECK(resolver.timeout == conf.timeout);
    CHECK(resolver.attempts == conf.attempts);
    CHECK(resolver.rotate == conf.rotate);
    CHECK(resolver.no_aaaa == conf.no_aaaa);
}
