// SPDX-License-Identifier: MIT
#include "telemetry/metric_catalog.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "catch.hpp"

using namespace dproxy::telemetry;

TEST_CASE("each metric is described once, at its place", "[metric_catalog]") {
    const auto catalog = metric_catalog();
    REQUIRE(catalog.size() == static_cast<std::size_t>(Metric::count_));
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < catalog.size(); ++i) {
        CHECK(&describe(static_cast<Metric>(i)) == &catalog[i]);
        CHECK(catalog[i].metric == static_cast<Metric>(i));
        names.insert(catalog[i].name);
    }
    CHECK(names.size() == catalog.size());
}

TEST_CASE("names are those that Prometheus asks for", "[metric_catalog]") {
    for (const MetricDescription& metric : metric_catalog()) {
        INFO(metric.name);
        CHECK((metric.name.starts_with("dproxy_") || metric.name.starts_with("process_")));
        CHECK(std::all_of(metric.name.begin(), metric.name.end(),
                          [](char letter) { return (letter >= 'a' && letter <= 'z') || letter == '_'; }));
        // Of counters and of nothing else; durations are in seconds.
        CHECK((metric.kind == MetricKind::counter) == metric.name.ends_with("_total"));
        if (metric.kind == MetricKind::histogram) CHECK(metric.name.ends_with("_seconds"));
        CHECK(metric.help.ends_with("."));
        CHECK(metric.help.find_first_of("\n\\\"") == std::string_view::npos);
    }
}

TEST_CASE("labels of a metric stand without gaps, each once, none of them a histogram's", "[metric_catalog]") {
    for (const MetricDescription& metric : metric_catalog()) {
        INFO(metric.name);
        const std::size_t count = metric.label_count();
        const std::set<std::string_view> labels(metric.labels.begin(), metric.labels.begin() + count);
        CHECK(labels.size() == count);
        CHECK_FALSE(labels.contains(""));
        CHECK_FALSE(labels.contains("le"));
        for (std::size_t i = count; i < metric.labels.size(); ++i) CHECK(metric.labels[i].empty());
    }
    CHECK(describe(Metric::inflight_requests).label_count() == 0);
    CHECK(describe(Metric::requests).label_count() == MetricDescription::max_labels);
}

TEST_CASE("kinds are named as the text format names them", "[metric_catalog]") {
    CHECK(name_of(MetricKind::counter) == "counter");
    CHECK(name_of(MetricKind::gauge) == "gauge");
    CHECK(name_of(MetricKind::histogram) == "histogram");
}
