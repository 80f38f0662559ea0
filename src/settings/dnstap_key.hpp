// SPDX-License-Identifier: MIT
// The setting `dnstap`: who is told of all messages.
#pragma once

#include <string>
#include <string_view>

#include "settings/setting_keys.hpp"

namespace dproxy::config {

/// As SettingKey::apply. A reader is found by an address, as it has to be found where names are not resolved.
std::string dnstap(std::string_view value, const SettingCapabilities& capabilities, Settings& settings);

}  // namespace dproxy::config
