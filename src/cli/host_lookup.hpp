// SPDX-License-Identifier: MIT
// The address of a host by its name, asked of the nameservers of resolv.conf, its search list as well: for
// `ask @HOST`. Not the C library's resolver, which a static program cannot rely on. Waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/resolv_conf.hpp"
#include "net/address.hpp"

namespace dproxy::cli {

inline constexpr std::chrono::milliseconds lookup_pause{1000};    ///< for one nameserver and its one repetition, each
inline constexpr std::chrono::milliseconds lookup_timeout{10000};  ///< for all of it

/// The full names to ask for, in order (resolv.conf(5), `search` and `ndots`).
std::vector<std::string> names_to_try(std::string_view host, const config::ResolvConf& conf);

/// The first address of the first of those names that has one, IPv4 before IPv6. `localhost` is 127.0.0.1
/// (RFC 6761 6.3). `port` is the nameservers'.
std::optional<net::Address> look_up_host(std::string_view host, const config::ResolvConf& conf,
                                         std::uint16_t port = config::resolver_port,
                                         std::chrono::milliseconds timeout = lookup_timeout);

}  // namespace dproxy::cli
