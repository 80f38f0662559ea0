// SPDX-License-Identifier: MIT
#include "settings/main_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "ini/ini_reader.hpp"
#include "io/fd.hpp"
#include "io/read_up_to.hpp"

namespace dproxy::config {
namespace {

MainFileReading read_main_file(std::string name) {
    MainFile file{std::move(name), {}};
    const io::Fd fd(::open(file.name.c_str(), O_RDONLY | O_CLOEXEC));
    std::error_code error(errno, std::generic_category());
    // With one byte more than a file may have, read_ini reports one that is too large.
    if (fd) error = io::read_up_to(fd.get(), max_ini_file_bytes + 1, file.text);
    if (error) {
        auto message = "the main file cannot be read: " + error.message();
        return {std::nullopt, Diagnostic{Severity::error, std::move(file.name), 0, std::move(message)}};
    }
    return {std::move(file), std::nullopt};
}

}  // namespace

MainFileReading find_main_file(const std::optional<std::string>& config_flag,
                               const std::vector<std::string>& environment) {
    if (config_flag) {
        return read_main_file(*config_flag);
    }
    const auto variable = environment_value(environment, main_file_variable);
    if (variable && !variable->empty()) {
        return read_main_file(std::string(*variable));
    }
    std::string name(default_main_file);
    if (::access(name.c_str(), F_OK) != 0) {
        return {};
    }
    return read_main_file(std::move(name));
}

SettingsReading load_settings(const std::optional<std::string>& config_flag, std::vector<std::string> environment,
                              std::vector<Assignment> flags, const SettingCapabilities& capabilities) {
    auto main_file = find_main_file(config_flag, environment);
    auto reading = read_settings({std::move(main_file.file), std::move(environment), std::move(flags)}, capabilities);
    if (main_file.fault) {
        reading.diagnostics.insert(reading.diagnostics.begin(), std::move(*main_file.fault));
    }
    return reading;
}

}  // namespace dproxy::config
