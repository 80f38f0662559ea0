// SPDX-License-Identifier: MIT
// The page of metrics: the workers' counters, summed at the time of the scrape, and the rest of
// what docs/operations.md lists, in the Prometheus text format. A scrape never stops a worker.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "telemetry/config_status.hpp"
#include "telemetry/counters.hpp"
#include "telemetry/handler_failures.hpp"
#include "telemetry/http_rejections.hpp"
#include "telemetry/metric_labels.hpp"

namespace dproxy::telemetry {

/// Series of dproxy_config_file_valid, broken files first.
inline constexpr std::size_t max_file_series = 1000;

struct BuildInfo {
    std::string version;
    std::string revision;
};

/// What is pointed to outlives the collector.
struct CollectorSources {
    BuildInfo build;
    std::vector<const WorkerCounters*> workers;
    const PublishedLabels* labels = nullptr;
    const ConfigStatus* config = nullptr;
    const HandlerFailures* failures = nullptr;
    const HttpRejections* http_rejections = nullptr;
    const Counter* query_lines_lost = nullptr;  ///< besides the workers' records
    const Counter* dnstap_lost = nullptr;       ///< messages, the same
};

class Collector {
public:
    explicit Collector(CollectorSources sources);
    ~Collector();
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;

    /// All series in the text format 0.0.4. Any thread; callers at the same time do not disturb each other.
    std::string text() const;

private:
    class Source;  ///< the prometheus::Collectable
    std::unique_ptr<Source> source_;
};

}  // namespace dproxy::telemetry
