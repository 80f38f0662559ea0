// SPDX-License-Identifier: MIT
// The main file: which one it is, and its text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "settings/settings_sources.hpp"

namespace dproxy::config {

/// Read from the working directory where no file is named, and it exists: the Go program's.
inline constexpr std::string_view default_main_file = "config.gcfg";

struct MainFileReading {
    std::optional<MainFile> file;     ///< nothing: there is none, or it cannot be read
    std::optional<Diagnostic> fault;  ///< why a file that was named cannot be read
};

/// `--config` where given, else DPROXY_CONFIG, else default_main_file.
MainFileReading find_main_file(const std::optional<std::string>& config_flag,
                               const std::vector<std::string>& environment);

/// All of it: finds and reads the main file, then read_settings.
SettingsReading load_settings(const std::optional<std::string>& config_flag, std::vector<std::string> environment,
                              std::vector<Assignment> flags, const SettingCapabilities& capabilities);

}  // namespace dproxy::config
