// SPDX-License-Identifier: MIT
// Inside the collector: the families of series, as prometheus-cpp writes them. Includes that library,
// so only .cpp files of this folder include this.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "telemetry/collector.hpp"
#include "telemetry/config_status.hpp"
#include "telemetry/counters.hpp"
#include "telemetry/metric_catalog.hpp"
#include "telemetry/metric_labels.hpp"
#include "telemetry/process_metrics.hpp"

namespace dproxy::telemetry {

using Families = std::vector<prometheus::MetricFamily>;
using Workers = std::span<const WorkerCounters* const>;

/// Counts of a histogram, summed. Not cumulative; the last bucket is +Inf.
struct HistogramSum {
    std::vector<double> bounds;  ///< one fewer than buckets
    std::vector<std::uint64_t> buckets;
    double sum = 0;

    static HistogramSum of_durations();  ///< empty, with the bounds of DurationHistogram
    void add(const DurationHistogram& histogram);
};

/// All series of one metric of the catalogue, to be filled. Values of labels stand in the order of
/// the catalogue's names, one for each.
class Series {
public:
    using LabelValues = std::initializer_list<std::string_view>;

    explicit Series(Metric metric);
    void add(LabelValues labels, std::uint64_t value) { add(labels, static_cast<double>(value)); }
    void add(LabelValues labels, double value);
    void add(LabelValues labels, const HistogramSum& histogram);
    prometheus::MetricFamily take() { return std::move(family_); }

private:
    prometheus::ClientMetric& append(LabelValues labels);

    const MetricDescription& description_;
    prometheus::MetricFamily family_;
};

/// The sum of one counter over all workers. Gauges may be below zero in one worker (what one opened
/// another closed); below zero in all they are taken for 0.
template <typename Read>
std::uint64_t total(Workers workers, Read read) {
    std::uint64_t sum = 0;
    for (const WorkerCounters* worker : workers) sum += read(*worker);
    return static_cast<std::int64_t>(sum) < 0 ? 0 : sum;
}

template <typename Label>
constexpr std::size_t index_of(Label label) {
    return static_cast<std::size_t>(label);
}

/// Calls `visit` with each value of a label.
template <typename Label, typename Visit>
void for_each_label(Visit visit) {
    for (std::size_t i = 0; i < count_of<Label>; ++i) visit(static_cast<Label>(i));
}

/// Requests, answers, durations, connections: what has no route and no upstream.
void add_traffic_families(Workers workers, Families& families);
void add_route_families(Workers workers, const MetricLabels& labels, Families& families);
void add_upstream_families(Workers workers, const MetricLabels& labels, Families& families);
void add_config_families(const ConfigFacts& facts, Families& families);
void add_process_families(const ProcessFacts& facts, Families& families);

}  // namespace dproxy::telemetry
