// SPDX-License-Identifier: MIT
#include "telemetry/handler_failures.hpp"

namespace dproxy::telemetry {

void HandlerFailures::note(std::string_view thread, std::string_view what) noexcept {
    count_.fetch_add(1, std::memory_order_relaxed);
    try {
        std::uint64_t left_out = 0;
        {
            const std::lock_guard lock(mutex_);
            const auto due = told_.due(std::chrono::steady_clock::now());
            if (!due) return;
            left_out = *due;
        }
        log_.error("a handler failed: its thread goes on",
                   {{"thread", thread}, {"error", what}, {"left_out", left_out}});
    } catch (...) {  // there may be no memory for a line either; it is counted
    }
}

}  // namespace dproxy::telemetry
