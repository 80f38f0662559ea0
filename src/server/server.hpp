// SPDX-License-Identifier: MIT
// The running program: binds, loads, serves, drains, ends. Owns every thread.
#pragma once

#include <string>

#include "settings/settings.hpp"
#include "telemetry/log.hpp"

namespace dproxy::server {

/// Serves until SIGTERM or SIGINT; SIGHUP reads the routes again. A start-up error is returned as one line
/// for standard error; empty when all went well to the end.
std::string serve(const config::Settings& settings, telemetry::Log& log);

}  // namespace dproxy::server
