// SPDX-License-Identifier: MIT
// The settings of what clients find encrypted: `listen_tls`, `listen_https` and all that begins with `tls_`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "settings/setting_keys.hpp"

namespace dproxy::config {

inline constexpr std::size_t max_certificate_files = 64;
inline constexpr std::size_t max_ticket_key_files = 16;

// Each as SettingKey::apply.
std::string listen_tls(std::string_view value, const SettingCapabilities& capabilities, Settings& settings);
std::string listen_https(std::string_view value, const SettingCapabilities& capabilities, Settings& settings);
std::string tls_cert(std::string_view value, const SettingCapabilities& capabilities, Settings& settings);
std::string tls_key(std::string_view value, const SettingCapabilities& capabilities, Settings& settings);
std::string tls_client_ca(std::string_view value, const SettingCapabilities& capabilities, Settings& settings);
std::string tls_min(std::string_view value, const SettingCapabilities& capabilities, Settings& settings);
std::string tls_ticket_keys(std::string_view value, const SettingCapabilities& capabilities, Settings& settings);
std::string ddr_name(std::string_view value, const SettingCapabilities& capabilities, Settings& settings);

/// A setting that does not go with the others.
struct Discord {
    std::string_view key{};  ///< at which it is told
    std::string fault{};     ///< empty: all go together
};
Discord discord_of(const TlsSettings& settings);

}  // namespace dproxy::config
