// SPDX-License-Identifier: MIT
// Held by tests/unit/telemetry/collector_test.cpp.
#include "telemetry/families.hpp"

#include <cassert>
#include <string>

namespace dproxy::telemetry {
namespace {

prometheus::MetricType type_of(MetricKind kind) {
    switch (kind) {
        case MetricKind::counter: return prometheus::MetricType::Counter;
        case MetricKind::gauge: return prometheus::MetricType::Gauge;
        case MetricKind::histogram: return prometheus::MetricType::Histogram;
    }
    return prometheus::MetricType::Untyped;
}

}  // namespace

HistogramSum HistogramSum::of_durations() {
    HistogramSum result;
    result.buckets.resize(DurationHistogram::bucket_count);
    for (std::size_t i = 0; i + 1 < DurationHistogram::bucket_count; ++i) {
        result.bounds.push_back(static_cast<double>(DurationHistogram::first_bound_ns << i) / 1e9);
    }
    return result;
}

void HistogramSum::add(const DurationHistogram& histogram) {
    for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] += histogram.bucket(i);
    sum += static_cast<double>(histogram.sum_ns()) / 1e9;
}

Series::Series(Metric metric) : description_(describe(metric)) {
    family_.name = description_.name;
    family_.help = description_.help;
    family_.type = type_of(description_.kind);
}

prometheus::ClientMetric& Series::append(LabelValues labels) {
    assert(labels.size() == description_.label_count());
    prometheus::ClientMetric& metric = family_.metric.emplace_back();
    std::size_t index = 0;
    for (const std::string_view value : labels) {
        metric.label.push_back({std::string(description_.labels[index]), std::string(value)});
        ++index;
    }
    return metric;
}

void Series::add(LabelValues labels, double value) {
    assert(description_.kind != MetricKind::histogram);
    prometheus::ClientMetric& metric = append(labels);
    (description_.kind == MetricKind::counter ? metric.counter.value : metric.gauge.value) = value;
}

void Series::add(LabelValues labels, const HistogramSum& histogram) {
    assert(description_.kind == MetricKind::histogram);
    prometheus::ClientMetric::Histogram& written = append(labels).histogram;
    for (std::size_t i = 0; i < histogram.buckets.size(); ++i) {
        written.sample_count += histogram.buckets[i];
        if (i < histogram.bounds.size()) written.bucket.push_back({written.sample_count, histogram.bounds[i]});
    }
    written.sample_sum = histogram.sum;
}

}  // namespace dproxy::telemetry
