// SPDX-License-Identifier: MIT
// The part of a log line after time and level, as text. Whatever a value holds, the result is one
// line of valid UTF-8 without control characters or terminal escapes.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "telemetry/log.hpp"

namespace dproxy::telemetry {

/// `routes reloaded added="a b" routes=12`
std::string text_line(std::string_view message, std::span<const LogField> fields, std::size_t max_length);
/// `"message":"routes reloaded","added":"a b","routes":12`, to be put in braces. Values are cut, never
/// the syntax: the length is kept by cutting text values, and then by leaving out fields.
std::string json_members(std::string_view message, std::span<const LogField> fields, std::size_t max_length);

/// What a line begins with.
struct LineHead {
    std::chrono::system_clock::time_point time;
    LogLevel level = LogLevel::info;
};
/// A line as the log writes it, with its end; at most `max_length` bytes.
std::string whole_line(LogFormat format, const LineHead& head, std::string_view message,
                       std::span<const LogField> fields, std::size_t max_length);

}  // namespace dproxy::telemetry
