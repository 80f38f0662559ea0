// SPDX-License-Identifier: MIT
// What the files say, as a starting dproxy would read them: for the verbs that look at them.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "route_files/route_store.hpp"
#include "settings/settings.hpp"

namespace dproxy::cli {

struct Configuration {
    config::Settings settings;  ///< of faulty keys, the defaults
    config::Diagnostics faults;  ///< of the settings, then of the routes
    bool settings_good = false;  ///< no error among the settings' faults
    std::shared_ptr<const config::RoutesState> routes;

    std::size_t errors() const;
    std::size_t warnings() const { return faults.size() - errors(); }
};

config::SettingsReading read_settings(const Arguments& arguments, const std::vector<std::string>& environment);

/// Settings and routes; of `arguments.directories`, where there are some, instead of `upstreamlocation`.
Configuration read_configuration(const Arguments& arguments, const std::vector<std::string>& environment);

bool has_error(const config::Diagnostics& faults);

/// One line each, `file:line: message`; warnings say that they are.
void print_faults(const config::Diagnostics& faults, std::ostream& to);

}  // namespace dproxy::cli
