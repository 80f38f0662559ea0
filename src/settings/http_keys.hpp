// SPDX-License-Identifier: MIT
// The settings of clients that ask over HTTP, but for what encrypts it: tls_keys.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "settings/setting_keys.hpp"

namespace dproxy::config {

inline constexpr std::uint16_t http_port = 80;

// Each as SettingKey::apply.
std::string listen_http(std::string_view value, const SettingCapabilities& capabilities, Settings& settings);
std::string https_path(std::string_view value, const SettingCapabilities& capabilities, Settings& settings);
std::string trusted_proxies(std::string_view value, const SettingCapabilities& capabilities, Settings& settings);

}  // namespace dproxy::config
