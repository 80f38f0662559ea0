// SPDX-License-Identifier: MIT
#include "cli/configuration.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <ostream>

#ifdef DPROXY_TLS
#include "certificates/upstream_encryption.hpp"
#endif
#include "reports/own_upstreams.hpp"
#include "settings/main_file.hpp"

namespace dproxy::cli {
namespace {

bool is_error(const config::Diagnostic& fault) { return fault.severity == config::Severity::error; }

bool is_directory(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// The directories to read. One that was named on the command line must be there; one of the settings may
/// come later.
std::vector<std::string> choose_locations(const Arguments& arguments, const config::Settings& settings,
                                          config::Diagnostics& faults) {
    if (arguments.directories.empty()) return settings.upstream_locations;
    std::vector<std::string> locations;
    for (const auto& directory : arguments.directories) {
        if (is_directory(directory)) {
            locations.push_back(directory);
        } else {
            faults.push_back({config::Severity::error, directory, 0, "there is no such directory"});
        }
    }
    return locations;
}

}  // namespace

std::size_t Configuration::errors() const {
    return static_cast<std::size_t>(std::count_if(faults.begin(), faults.end(), is_error));
}

bool has_error(const config::Diagnostics& faults) { return std::any_of(faults.begin(), faults.end(), is_error); }

config::SettingsReading read_settings(const Arguments& arguments, const std::vector<std::string>& environment) {
    return config::load_settings(arguments.config_file, environment, arguments.settings, {});
}

Configuration read_configuration(const Arguments& arguments, const std::vector<std::string>& environment) {
    auto reading = read_settings(arguments, environment);
    Configuration configuration;
    configuration.settings = std::move(reading.settings);
    configuration.faults = std::move(reading.diagnostics);
    configuration.settings_good = !has_error(configuration.faults);

    config::RouteStoreOptions options;
    options.locations = choose_locations(arguments, configuration.settings, configuration.faults);
    options.extension = configuration.settings.upstream_extension;
    options.no_route_answer = configuration.settings.no_route_answer;
    options.owners = configuration.settings.owners;
#ifdef DPROXY_TLS
    const certificates::UpstreamEncryption encryption;
    options.prox.capabilities.encryption = &encryption;
#endif
    config::RouteStore store(std::move(options));
    config::ReloadHints hints;
    hints.everything = true;
    configuration.routes = store.reload(hints, std::chrono::steady_clock::now()).state;
    const auto& route_faults = configuration.routes->faults;
    configuration.faults.insert(configuration.faults.end(), route_faults.begin(), route_faults.end());
    const auto own = config::own_upstream_warnings(*configuration.routes->table, configuration.settings);
    configuration.faults.insert(configuration.faults.end(), own.begin(), own.end());
    return configuration;
}

void print_faults(const config::Diagnostics& faults, std::ostream& to) {
    for (auto fault : faults) {
        if (!is_error(fault)) fault.message.insert(0, "warning: ");
        to << fault.to_string() << '\n';
    }
}

}  // namespace dproxy::cli
