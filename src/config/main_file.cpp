// SPDX-License-Identifier: MIT
#include "config/main_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "config/ini_reader.hpp"

namespace dproxy::config {
namespace {

/// Reads at most one byte more than a file may have, so that read_ini reports one that is too large.
int read_text(int fd, std::string& text) {
    text.resize(max_ini_file_bytes + 1);
    std::size_t length = 0;
    while (length < text.size()) {
        const auto count = ::read(fd, text.data() + length, text.size() - length);
        if (count < 0 && errno != EINTR) {
            return errno;
        }
        if (count == 0) {
            break;
        }
        length += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    text.resize(length);
    return 0;
}

MainFileReading read_main_file(std::string name) {
    MainFile file{std::move(name), {}};
    int error = 0;
    if (const int fd = ::open(file.name.c_str(), O_RDONLY | O_CLOEXEC); fd >= 0) {
        error = read_text(fd, file.text);
        ::close(fd);
    } else {
        error = errno;
    }
    if (error != 0) {
        auto message = "the main file cannot be read: " + std::generic_category().message(error);
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
