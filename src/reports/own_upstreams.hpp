// SPDX-License-Identifier: MIT
// Upstreams that would be dproxy itself, as far as files and settings tell: for the verbs that read them.
#pragma once

#include "ini/diagnostic.hpp"
#include "routing/route_table.hpp"
#include "settings/settings.hpp"

namespace dproxy::config {

/// Of more, the rest is counted in a last warning.
inline constexpr std::size_t max_own_upstream_warnings = 100;

/// A warning for each route, with its place, and for the master upstream, that names an address which the settings
/// listen on. Which addresses the machine has where dproxy will run is not known here: a wildcard counts for
/// loopback only.
Diagnostics own_upstream_warnings(const routing::RouteTable& table, const Settings& settings);

}  // namespace dproxy::config
