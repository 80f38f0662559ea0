// SPDX-License-Identifier: MIT
// `masterupstream = system`, looked up on this machine.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "ini/diagnostic.hpp"
#include "settings/resolv_conf.hpp"
#include "settings/settings.hpp"

namespace dproxy::config {

/// Of a longer file the whole lines within it are read.
inline constexpr std::size_t max_resolv_conf_bytes = 64 * 1024;

/// The text of a file such as /etc/resolv.conf; empty where it cannot be read.
std::string read_resolv_conf(const std::string& path = std::string(resolv_conf_path));
/// The host's name, LOCALDOMAIN and RES_OPTIONS.
ResolverEnvironment resolver_environment();

/// Fills `master_upstream` where the settings say `system`. The fault is a start-up error: there is no
/// nameserver, or none but dproxy itself.
std::optional<Diagnostic> find_system_upstreams(Settings& settings,
                                                const std::string& path = std::string(resolv_conf_path));

}  // namespace dproxy::config
