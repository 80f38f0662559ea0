// SPDX-License-Identifier: MIT
// The setting `dnstap`: who is told of all messages.
#pragma once

#include <string>
#include <string_view>

#include "settings/setting_keys.hpp"

namespace dproxy::config {

/// As SettingKey::apply. Addresses and host names are those that upstreams may have, but none is without a port.
std::string dnstap(std::string_view value, const SettingCapabilities& capabilities, Settings& settings);

}  // namespace dproxy::config
