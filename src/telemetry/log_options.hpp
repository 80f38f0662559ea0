// SPDX-License-Identifier: MIT
// What of the log an operator chooses.
#pragma once

#include <cstdint>

namespace dproxy::telemetry {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { text, json };

struct LogOptions {
    LogLevel level = LogLevel::info;  ///< lower ones are not written
    LogFormat format = LogFormat::text;
    int descriptor = 1;  ///< where lines go: standard output; not closed by the log
};

}  // namespace dproxy::telemetry
