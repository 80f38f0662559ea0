// SPDX-License-Identifier: MIT
// Which names are asked for a host name (resolv.conf(5), `search` and `ndots`), in the C library's order.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "dns/name.hpp"
#include "net/address.hpp"

namespace dproxy::routing {

/// How host names of upstreams are resolved: what `bootstrap` or /etc/resolv.conf says.
struct ResolverSettings {
    std::vector<net::Endpoint> nameservers;  ///< asked in this order
    std::vector<std::string> search;
    unsigned ndots = 1;
    std::chrono::milliseconds timeout{2000};  ///< for each message to a nameserver
    unsigned attempts = 2;                    ///< of each nameserver
    bool rotate = false;                      ///< another nameserver is the first one each time
    bool use_tcp = false;                     ///< never UDP
    bool no_aaaa = false;                     ///< IPv4 addresses only
    bool no_tld_query = false;                ///< a name without a dot is asked below the domains only
};

/// Domains of `search` that are used; the rest is not.
inline constexpr std::size_t max_search_domains = 32;

/// `host` is a name that was checked (config::parse_target). One with a trailing dot is asked as it is. One with
/// fewer dots than `ndots` is asked below each domain first, as it is last; any other the other way round.
/// Domains that are no names, or make the name too long, are passed over. Never empty.
std::vector<dns::Name> host_candidates(std::string_view host, const ResolverSettings& settings);

/// `localhost` and what ends in `.localhost`, which nobody is asked for (RFC 6761 6.3). `host` is in lower case.
bool is_localhost(std::string_view host);

}  // namespace dproxy::routing
