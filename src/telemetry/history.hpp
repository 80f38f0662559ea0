// SPDX-License-Identifier: MIT
// What was counted in the last two hours: of all queries together, and of the routes and upstreams with a label of
// their own. Only counters are read, so no worker notices. No clock: time points come in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "telemetry/history_places.hpp"
#include "telemetry/metric_labels.hpp"
#include "telemetry/past.hpp"

namespace dproxy::telemetry {

/// All of it, in memory.
inline constexpr std::size_t most_history_bytes = std::size_t{2} << 20;

/// One owner.
class History {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// To be called once a second. A look that comes late tells of no second: what was counted meanwhile belongs to
    /// none of them, and they stay unknown. One that comes too early is none. Labels that are others since the last
    /// look have no past yet.
    void look(TimePoint now, std::span<const WorkerCounters* const> workers,
              std::shared_ptr<const MetricLabels> labels);

    /// The second that was looked at last, counted from the first look; -1 before it.
    std::int64_t last_second() const { return second_; }
    /// Failures are answers with SERVFAIL, and so they are of routes.
    const Past& total() const { return total_; }
    const HistoryPlaces& routes() const { return routes_; }
    /// Queries are those that it was asked for clients, again and ahead too; failures are attempts that failed.
    const HistoryPlaces& upstreams() const { return upstreams_; }
    /// At the last look; null before it.
    const std::shared_ptr<const MetricLabels>& labels() const { return labels_; }

private:
    void take_labels(std::shared_ptr<const MetricLabels> labels);

    TimePoint first_{};
    TimePoint last_{};
    std::int64_t second_ = -1;
    Counted counted_{};
    Past total_{};
    HistoryPlaces routes_;
    HistoryPlaces upstreams_;
    std::shared_ptr<const MetricLabels> labels_;
    std::vector<Slot> route_slots_;  ///< with a label
    std::vector<Slot> upstream_slots_;
};

/// What the slot counts; empty where it has no label now.
std::string_view route_label(const MetricLabels& labels, Slot slot);
std::string_view upstream_label(const MetricLabels& labels, Slot slot);

static_assert(sizeof(History) + 2 * (HistoryPlaces::bytes_at_most - sizeof(HistoryPlaces)) +
                  2 * most_slots_watched * sizeof(Slot) <=
              most_history_bytes);

}  // namespace dproxy::telemetry
