// SPDX-License-Identifier: MIT
// What /etc/resolv.conf says (resolv.conf(5)), and which of its nameservers are not dproxy itself.
#pragma once

#include <chrono>
#include <cstdint>
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

/// The defaults are the C library's.
struct ResolvConf {
    std::vector<net::Address> nameservers;  ///< without scope ids; empty where the file names none
    std::vector<std::string> search;        ///< domains as written, of the last `search` or `domain` line
    unsigned ndots = 1;
    std::chrono::seconds timeout{5};
    unsigned attempts = 2;
};

/// Never fails: lines that cannot be read are passed over, as every resolver does.
ResolvConf parse_resolv_conf(std::string_view text);

/// `masterupstream = system`: the nameservers on port 53, less those that dproxy itself listens on.
/// Empty is a start-up error of the caller's.
std::vector<net::Endpoint> system_upstreams(const ResolvConf& resolv_conf, const net::OwnAddresses& own);

}  // namespace dproxy::config
