// SPDX-License-Identifier: MIT
// From where settings come, the later winning: defaults, the main file, the environment, flags.
// Decides without I/O; main_file.hpp reads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ini/diagnostic.hpp"
#include "settings/setting_keys.hpp"
#include "settings/settings.hpp"

namespace dproxy::config {

inline constexpr std::string_view environment_prefix = "DPROXY_";
inline constexpr std::string_view main_file_variable = "DPROXY_CONFIG";

/// A flag: `--key value`.
struct Assignment {
    std::string key;
    std::string value;
};

struct MainFile {
    std::string name;  ///< as the messages write it
    std::string text;
};

struct SettingsSources {
    std::optional<MainFile> main_file;
    std::vector<std::string> environment;  ///< `NAME=value`, as the system hands it over
    std::vector<Assignment> flags;         ///< in the order given; the last of a key wins
};

struct SettingsReading {
    Settings settings;        ///< of use only where there is no error
    Diagnostics diagnostics;  ///< every fault of every source, also of values that a later source overrides
};

SettingsReading read_settings(const SettingsSources& sources, const SettingCapabilities& capabilities);

/// The value of a variable; nothing where it is not set.
std::optional<std::string_view> environment_value(const std::vector<std::string>& environment, std::string_view name);

/// Whether Kubernetes sets such a variable by itself, for a Service whose name begins with `dproxy`.
bool is_service_variable(std::string_view name, std::string_view value);

}  // namespace dproxy::config
