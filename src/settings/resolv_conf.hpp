// SPDX-License-Identifier: MIT
// What /etc/resolv.conf says, read as the C library reads it (resolv.conf(5)), and which of its nameservers are not
// dproxy itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.hpp"
#include "net/own_addresses.hpp"

namespace dproxy::config {

inline constexpr std::string_view resolv_conf_path = "/etc/resolv.conf";
inline constexpr std::uint16_t resolver_port = 53;
inline constexpr std::size_t max_resolver_nameservers = 3;  ///< as the C library: the rest is not used
inline constexpr unsigned max_resolver_ndots = 15;
inline constexpr std::chrono::seconds max_resolver_timeout{30};
inline constexpr unsigned max_resolver_attempts = 5;

/// The defaults are the C library's. What has no meaning for a resolver that asks for addresses only (`sortlist`,
/// `edns0`, `trust-ad`) or asks each question from a socket of its own anyway (`single-request`) is not kept.
struct ResolvConf {
    std::vector<net::Address> nameservers;  ///< never empty: 127.0.0.1 where the file names none
    bool names_none = true;                 ///< that is so
    std::vector<std::string> search;        ///< domains as written, of the last `search` or `domain` line
    unsigned ndots = 1;
    std::chrono::seconds timeout{5};
    unsigned attempts = 2;
    bool rotate = false;
    bool use_tcp = false;       ///< `use-vc`
    bool no_aaaa = false;       ///< `no-aaaa`
    bool no_tld_query = false;  ///< `no-tld-query`
};

/// What else plays a part, resolv.conf(5).
struct ResolverEnvironment {
    std::string host_name;                    ///< its domain is searched where the file says nothing
    std::optional<std::string> local_domain;  ///< LOCALDOMAIN: instead of `search` and `domain`
    std::string options;                      ///< RES_OPTIONS: after those of the file
};

/// Never fails: lines that cannot be read are passed over, as every resolver does. An empty text is a file that is not
/// there.
ResolvConf parse_resolv_conf(std::string_view text, const ResolverEnvironment& environment = {});

/// `masterupstream = system`: the nameservers on port 53, less those that dproxy itself listens on.
/// Empty is a start-up error of the caller's.
std::vector<net::Endpoint> system_upstreams(const ResolvConf& resolv_conf, const net::OwnAddresses& own);

}  // namespace dproxy::config
