// SPDX-License-Identifier: MIT
// `masterupstream = system`, looked up on this machine.
#pragma once

#include <optional>
#include <string>

#include "config/diagnostic.hpp"
#include "config/resolv_conf.hpp"
#include "config/settings.hpp"

namespace dproxy::config {

/// The text of a file such as /etc/resolv.conf, at most 64 KiB of it; empty where it cannot be read.
std::string read_resolv_conf(const std::string& path = std::string(resolv_conf_path));

/// Addresses of this machine's interfaces.
std::vector<net::Address> local_addresses();

/// Fills `master_upstream` where the settings say `system`. The fault is a start-up error: there is no
/// nameserver, or none but dproxy itself.
std::optional<Diagnostic> find_system_upstreams(Settings& settings,
                                                const std::string& path = std::string(resolv_conf_path));

}  // namespace dproxy::config
