// SPDX-License-Identifier: MIT
// The address of a host by its name, asked of the nameservers of resolv.conf, its search list as well: for
// `ask @HOST`. Not the C library's resolver, which a static program cannot rely on. Waits.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "net/address.hpp"
#include "routing/host_search.hpp"

namespace dproxy::cli {

inline constexpr std::chrono::milliseconds lookup_pause{1000};    ///< for one nameserver and its one repetition, each
inline constexpr std::chrono::milliseconds lookup_timeout{10000};  ///< for all of it

/// The first address of the first name to try (routing::host_candidates) that has one, IPv4 before IPv6. Names of
/// this machine itself are 127.0.0.1 (RFC 6761 6.3). Nothing too where `host` is no name.
std::optional<net::Address> look_up_host(std::string_view host, const routing::ResolverSettings& settings,
                                         std::chrono::milliseconds timeout = lookup_timeout);

}  // namespace dproxy::cli
