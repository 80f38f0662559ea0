// SPDX-License-Identifier: MIT
// The keys of the settings: one table for the main file, the environment, the flags and the help.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ini/missing_interface.hpp"
#include "settings/settings.hpp"

namespace dproxy::config {

inline constexpr std::uint16_t default_admin_port = 8080;
inline constexpr std::size_t max_upstream_locations = 64;
inline constexpr unsigned max_workers = 1024;
inline constexpr std::chrono::minutes max_drain{10};
inline constexpr std::uint32_t max_rate_limit = 1'000'000;
inline constexpr std::uint32_t max_tcp_connections = 1'000'000;
inline constexpr std::chrono::milliseconds min_tcp_idle{100};
inline constexpr std::chrono::minutes max_tcp_idle{60};
inline constexpr std::uint32_t max_tcp_queries = 1'000'000'000;
inline constexpr std::uint32_t max_tcp_inflight = 10'000;
inline constexpr std::uint64_t min_buffered = std::uint64_t{4} << 20;
inline constexpr std::uint64_t min_cache = std::uint64_t{1} << 20;
inline constexpr std::uint64_t max_buffered = std::uint64_t{1} << 40;
inline constexpr std::uint32_t max_process_inflight = 10'000'000;
inline constexpr std::uint32_t max_metrics_labels = 60'000;  ///< telemetry numbers them in 16 bits

#ifdef DPROXY_TLS
inline constexpr bool built_with_tls = true;
#else
inline constexpr bool built_with_tls = false;
#endif

/// What is built. A value that asks for more is refused with a message that says so.
struct SettingCapabilities {
    bool tls = built_with_tls;  ///< `listen_tls` other than `off`
    InterfaceCheck interface_exists = &io::interface_exists;
};

/// One key, and how its value becomes part of the settings.
struct SettingKey {
    std::string_view name;
    std::string_view meaning;       ///< one line
    std::string_view default_text;  ///< `-` where there is none
    /// Sets what the key says, whatever it was before. Returns what was found and what was expected where
    /// the value is a bad one; the settings are not to be used then.
    std::string (*apply)(std::string_view value, const SettingCapabilities& capabilities, Settings& settings);
};

/// Every key, in the order of the documentation. `port` comes before those that it is a default for.
std::span<const SettingKey> setting_keys();
std::span<const std::string_view> setting_key_names();
/// `name` is in lower case. Null where there is no such key.
const SettingKey* find_setting_key(std::string_view name);

/// The settings when nothing is said.
Settings default_settings();

}  // namespace dproxy::config
