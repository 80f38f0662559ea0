// SPDX-License-Identifier: MIT
// The log: one line an event, on standard output, as text or JSON with key=value fields.
//
//     log.info("routes reloaded", {{"added", "a b"}, {"routes", 12}});
//     2026-11-24T04:05:06.123Z info routes reloaded added="a b" routes=12
//
// Lines are written by a thread of the log's own. Callers never wait for the reader of the log: when it
// does not keep up, the oldest lines are lost, and a line says how many.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "telemetry/log_options.hpp"

namespace dproxy::telemetry {

/// The value of a field. A view: it lives as long as the call.
class LogValue {
public:
    using Variant = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

    LogValue(std::string_view text) : value_(text) {}
    LogValue(const std::string& text) : value_(std::string_view(text)) {}
    LogValue(const char* text) : value_(std::string_view(text)) {}
    LogValue(bool value) : value_(value) {}
    LogValue(double value) : value_(value) {}
    template <std::signed_integral T>
    LogValue(T value) : value_(std::int64_t{value}) {}
    template <std::unsigned_integral T>
        requires(!std::same_as<T, bool>)
    LogValue(T value) : value_(std::uint64_t{value}) {}

    const Variant& value() const { return value_; }

private:
    Variant value_;
};

struct LogField {
    std::string_view key;  ///< a constant of the program: small letters, digits, `_`
    LogValue value;
};

/// Thread-safe. Destroying it writes what is waiting; a reader that takes nothing does not hold that up.
class Log {
public:
    static constexpr std::size_t max_waiting_lines = 8192;
    /// A longer line ends with `...`: kubelets split lines of 16 KiB.
    static constexpr std::size_t max_line_length = 16'000;
    /// How long the log's thread waits for a reader that takes nothing before it drops a line.
    static constexpr std::chrono::milliseconds write_patience{1000};

    explicit Log(LogOptions options);
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    using Fields = std::initializer_list<LogField>;
    void debug(std::string_view message, Fields fields = {}) { write(LogLevel::debug, message, view(fields)); }
    void info(std::string_view message, Fields fields = {}) { write(LogLevel::info, message, view(fields)); }
    void warning(std::string_view message, Fields fields = {}) { write(LogLevel::warning, message, view(fields)); }
    void error(std::string_view message, Fields fields = {}) { write(LogLevel::error, message, view(fields)); }
    void write(LogLevel level, std::string_view message, std::span<const LogField> fields);

    bool writes(LogLevel level) const noexcept;
    LogFormat format() const noexcept;

    /// Whole lines that the caller has made (whole_line()), of any level, at once and on the caller's thread, which
    /// waits as the log's own would. Returns how many of their bytes were written; the rest is lost.
    std::size_t write_lines(std::string_view lines);

private:
    static std::span<const LogField> view(Fields fields) { return {fields.begin(), fields.size()}; }

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace dproxy::telemetry
