// SPDX-License-Identifier: MIT
#include "telemetry/log.hpp"

#include <array>
#include <atomic>
#include <mutex>

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include "telemetry/log_line.hpp"
#include "telemetry/patient_output.hpp"
#include "telemetry/signal_mask.hpp"

namespace dproxy::telemetry {
namespace {

constexpr const char* text_pattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
constexpr const char* json_pattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";

spdlog::level::level_enum spdlog_level(LogLevel level) {
    constexpr std::array levels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
    return levels[static_cast<std::size_t>(level)];
}

std::unique_ptr<spdlog::formatter> make_formatter(LogFormat format) {
    return std::make_unique<spdlog::pattern_formatter>(format == LogFormat::json ? json_pattern : text_pattern,
                                                       spdlog::pattern_time_type::utc, "\n");
}

/// Lines that are lost are counted, and told when the reader takes some again.
class PatientSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    PatientSink(PatientOutput& output, LogFormat format)
        : base_sink(make_formatter(format)), output_(output), format_(format) {}

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        if (lost_ > 0 && write_report()) lost_ = 0;
        if (lost_ > 0 || !write_line(message)) ++lost_;
    }
    void flush_() override {}

private:
    /// False when the line, or the rest of it, was lost.
    bool write_line(const spdlog::details::log_msg& message) {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        return output_.write({line.data(), line.size()}) == line.size();
    }

    bool write_report() {
        const LogField lost{"lines", lost_};
        constexpr std::string_view event = "log lines were lost, their reader was too slow";
        const std::string body = format_ == LogFormat::json ? json_members(event, {&lost, 1}, Log::max_line_length)
                                                            : text_line(event, {&lost, 1}, Log::max_line_length);
        return write_line({std::string_view(), spdlog::level::warn, spdlog::string_view_t(body)});
    }

    PatientOutput& output_;
    LogFormat format_;
    std::uint64_t lost_ = 0;
};

}  // namespace

struct Log::State {
    explicit State(const LogOptions& options)
        : format(options.format),
          output(options.descriptor, write_patience),
          writer(std::make_shared<spdlog::details::thread_pool>(max_waiting_lines, 1, block_signals)),
          logger(std::make_shared<spdlog::async_logger>("dproxy",
                                                        std::make_shared<PatientSink>(output, format),
                                                        writer, spdlog::async_overflow_policy::overrun_oldest)) {
        logger->set_level(spdlog_level(options.level));
        logger->set_error_handler([](const std::string&) {});  // its own would print on standard error
    }

    /// One line for all that did not fit in the queue since the last such line.
    void report_overrun() {
        const std::uint64_t total = writer->overrun_counter();
        const std::uint64_t before = reported.exchange(total);
        if (total <= before) return;
        const LogField lost{"lines", total - before};
        submit(LogLevel::warning, "log lines were lost, more came than could wait", {&lost, 1});
    }

    void submit(LogLevel level, std::string_view message, std::span<const LogField> fields) {
        const std::string body = format == LogFormat::json ? json_members(message, fields, max_line_length)
                                                           : text_line(message, fields, max_line_length);
        logger->log(spdlog_level(level), spdlog::string_view_t(body));
    }

    LogFormat format;
    PatientOutput output;
    std::shared_ptr<spdlog::details::thread_pool> writer;
    std::shared_ptr<spdlog::async_logger> logger;
    std::atomic<std::uint64_t> reported{0};  ///< overruns
};

Log::Log(LogOptions options) : state_(std::make_unique<State>(options)) {}
Log::~Log() = default;

bool Log::writes(LogLevel level) const noexcept { return state_->logger->should_log(spdlog_level(level)); }

LogFormat Log::format() const noexcept { return state_->format; }

std::size_t Log::write_lines(std::string_view lines) { return state_->output.write(lines); }

void Log::write(LogLevel level, std::string_view message, std::span<const LogField> fields) {
    if (!writes(level)) return;
    state_->report_overrun();
    state_->submit(level, message, fields);
}

}  // namespace dproxy::telemetry
