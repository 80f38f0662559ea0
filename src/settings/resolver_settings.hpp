// SPDX-License-Identifier: MIT
// How host names of upstreams and of a dnstap reader are resolved on this machine.
#pragma once

#include "routing/host_search.hpp"
#include "settings/settings.hpp"

namespace dproxy::config {

/// The nameservers of `bootstrap`, which are asked for names as they are written; without it what
/// /etc/resolv.conf says now.
routing::ResolverSettings resolver_settings(const Settings& settings);

}  // namespace dproxy::config
