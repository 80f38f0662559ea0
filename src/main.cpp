// SPDX-License-Identifier: MIT
// Wires: arguments, settings, the log, and the verb.
// Held by tests/integration/test_commands.py, tests/integration/test_descriptors.py,
// tests/integration/test_listening.py and tests/integration/test_shutdown.py.
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/verbs.hpp"
#include "io/standard_descriptors.hpp"
#include "server/server.hpp"
#include "server/version.hpp"
#include "settings/main_file.hpp"
#include "settings/system_upstreams.hpp"
#include "telemetry/log.hpp"

namespace {

using dproxy::cli::Arguments;
using dproxy::config::Diagnostic;
using dproxy::config::Severity;

int refuse(const std::string& error) {
    std::fprintf(stderr, "dproxy: %s\n", error.c_str());
    return dproxy::cli::exit_usage;
}

/// Whoever rotates logs, a shell that ends, a script that takes this for another program: what they send ends a program
/// that has no use for it. SIGHUP is taken up by the server, when there are routes to be read again; those that are
/// read at the start are not older.
void ignore_stray_signals() {
    for (const int signal : {SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO}) {
        std::signal(signal, SIG_IGN);
    }
}

int serve(const Arguments& arguments, const std::vector<std::string>& environment) {
    ignore_stray_signals();
    auto reading = dproxy::config::load_settings(arguments.config_file, environment, arguments.settings, {});
    for (const Diagnostic& found : reading.diagnostics) {
        if (found.severity == Severity::error) return refuse(found.to_string());
    }
    if (const auto fault = dproxy::config::find_system_upstreams(reading.settings)) return refuse(fault->to_string());
    dproxy::telemetry::Log log({reading.settings.log_level, reading.settings.log_format});
    for (const Diagnostic& found : reading.diagnostics) log.warning("setting", {{"found", found.to_string()}});
    const std::string error = dproxy::server::serve(reading.settings, log);
    return error.empty() ? dproxy::cli::exit_good : refuse(error);
}

}  // namespace

int main(int argc, char** argv) {
    dproxy::io::open_standard_descriptors();
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
