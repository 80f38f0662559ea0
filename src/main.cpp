// SPDX-License-Identifier: MIT
// Wires: arguments, settings, the log, and the verb.
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/verbs.hpp"
#include "config/main_file.hpp"
#include "config/system_upstreams.hpp"
#include "server/server.hpp"
#include "server/version.hpp"
#include "telemetry/log.hpp"

namespace {

using dproxy::cli::Arguments;
using dproxy::config::Diagnostic;
using dproxy::config::Severity;

int refuse(const std::string& error) {
    std::fprintf(stderr, "dproxy: %s\n", error.c_str());
    return dproxy::cli::exit_usage;
}

dproxy::telemetry::LogOptions log_options(const dproxy::config::Settings& settings) {
    dproxy::telemetry::LogOptions options;
    options.level = static_cast<dproxy::telemetry::LogLevel>(settings.log_level);
    options.format = static_cast<dproxy::telemetry::LogFormat>(settings.log_format);
    return options;
}

int serve(const Arguments& arguments, const std::vector<std::string>& environment) {
    auto reading = dproxy::config::load_settings(arguments.config_file, environment, arguments.settings, {});
    for (const Diagnostic& found : reading.diagnostics) {
        if (found.severity == Severity::error) return refuse(found.to_string());
    }
    if (const auto fault = dproxy::config::find_system_upstreams(reading.settings)) return refuse(fault->to_string());
    dproxy::telemetry::Log log(log_options(reading.settings));
    for (const Diagnostic& found : reading.diagnostics) log.warning("setting", {{"found", found.to_string()}});
    const std::string error = dproxy::server::serve(reading.settings, log);
    return error.empty() ? dproxy::cli::exit_good : refuse(error);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const std::vector<std::string> words(argv + 1, argv + argc);
        std::vector<std::string> environment;
        for (char** variable = environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);
        const auto [arguments, error] = dproxy::cli::parse_arguments(words);
        if (!error.empty()) return refuse(error);
        if (arguments.verb == dproxy::cli::Verb::serve) return serve(arguments, environment);
        return dproxy::cli::run_verb(arguments, environment, std::cout, std::cerr);
    } catch (const std::exception& failure) {
        return refuse(std::string("cannot start: ") + failure.what());
    }
}
