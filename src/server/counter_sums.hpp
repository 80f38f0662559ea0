// SPDX-License-Identifier: MIT
// What was counted by all workers together, for people and programs that ask at /status and /.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "telemetry/counters.hpp"

namespace dproxy::server {

using Workers = std::vector<const telemetry::WorkerCounters*>;

/// The sum of what `read` finds in each worker's counters. Gauges may be below zero in one of them.
template <typename Read>
std::uint64_t sum(const Workers& workers, Read read) {
    std::uint64_t total = 0;
    for (const telemetry::WorkerCounters* worker : workers) total += read(*worker);
    return total;
}

/// What was counted under each label, where it was anything. `read` finds the CounterBy<Label>.
template <typename Label, typename Read>
std::vector<std::pair<std::string_view, std::uint64_t>> counts_by(const Workers& workers, Read read) {
    std::vector<std::pair<std::string_view, std::uint64_t>> counts;
    for (std::size_t i = 0; i < telemetry::count_of<Label>; ++i) {
        const auto label = static_cast<Label>(i);
        const auto count =
            sum(workers, [&](const telemetry::WorkerCounters& worker) { return read(worker)[label].value(); });
        if (count > 0) counts.emplace_back(telemetry::name_of(label), count);
    }
    return counts;
}

/// How many durations were observed, and their sum.
struct DurationSum {
    std::uint64_t count = 0;
    std::uint64_t sum_ns = 0;
    double mean_ms() const {  ///< 0 where there is none
        return count == 0 ? 0 : static_cast<double>(sum_ns) / static_cast<double>(count) / 1e6;
    }
};
/// `read` finds the DurationHistogram.
template <typename Read>
DurationSum durations(const Workers& workers, Read read) {
    DurationSum total;
    total.count = sum(workers, [&](const telemetry::WorkerCounters& worker) {
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < telemetry::DurationHistogram::bucket_count; ++i) count += read(worker).bucket(i);
        return count;
    });
    total.sum_ns = sum(workers, [&](const telemetry::WorkerCounters& worker) { return read(worker).sum_ns(); });
    return total;
}

/// How long an upstream's replies take of late, as the workers that know it have seen it; nothing where none does.
inline std::optional<double> usual_reply_ms(const Workers& workers, telemetry::Slot slot) {
    std::uint64_t total_ns = 0, known = 0;
    for (const telemetry::WorkerCounters* worker : workers) {
        const std::uint64_t usual_ns = worker->upstream(slot).usual_reply_ns.value();
        total_ns += usual_ns;
        known += usual_ns > 0;
    }
    if (known == 0) return std::nullopt;
    return static_cast<double>(total_ns) / static_cast<double>(known) / 1e6;
}

}  // namespace dproxy::server
