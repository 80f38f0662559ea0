// SPDX-License-Identifier: MIT
// Exceptions that leave a handler of a loop. The outside world gives error codes, so that what is left is memory that
// could not be had, or a mistake of ours: the thread goes on with what comes next, and it is counted and told.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string_view>

#include "telemetry/every_so_often.hpp"
#include "telemetry/log.hpp"

namespace dproxy::telemetry {

/// One for all threads of the process.
class HandlerFailures {
public:
    /// Between lines in the log.
    static constexpr std::chrono::seconds log_interval{10};

    explicit HandlerFailures(Log& log) : log_(log) {}

    /// Runs a loop (whatever has a run() that may be called again after an exception) to its end.
    template <typename Loop>
    void run(Loop& loop, std::string_view thread) {
        for (;;) {
            try {
                loop.run();
                return;
            } catch (const std::exception& failure) {
                note(thread, failure.what());
            } catch (...) {
                note(thread, "something that is no std::exception");
            }
        }
    }
    /// Any thread.
    void note(std::string_view thread, std::string_view what) noexcept;
    std::uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }

private:
    Log& log_;
    std::atomic<std::uint64_t> count_{0};
    std::mutex mutex_;
    EverySoOften told_{log_interval};
};

}  // namespace dproxy::telemetry
