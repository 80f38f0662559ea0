// SPDX-License-Identifier: MIT
// Which slot of the counters has which label: what the reload side tells the scrape. A snapshot is
// immutable; each reload publishes a new one, and series of what is no longer in it end.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "telemetry/counters.hpp"

namespace dproxy::telemetry {

struct RouteLabel {
    Slot slot = other_slot;
    std::string label;  ///< the section as written; bytes that no scraper takes are escaped at the scrape
};

struct UpstreamLabel {
    Slot slot = other_slot;
    std::string label;                             ///< `address:port`
    std::shared_ptr<const std::atomic<bool>> up;  ///< none: up, as an upstream is until it is known to be down
};

/// Routes beyond the limit of labels need not stand here; upstreams beyond it may (with other_slot), so
/// that `other` is down when one of them is. Entries of the same label are one series: their slots are
/// summed (each slot once), and the worst of their up states counts.
struct MetricLabels {
    std::vector<RouteLabel> routes;
    std::vector<UpstreamLabel> upstreams;
};

/// The snapshot in force. Any thread. Publish after every worker has cleared the slots that were given
/// anew, else a scrape in between shows the old counts under the new label.
class PublishedLabels {
public:
    PublishedLabels() : current_(std::make_shared<const MetricLabels>()) {}

    void publish(std::shared_ptr<const MetricLabels> labels) {
        const std::lock_guard lock(mutex_);
        current_.swap(labels);
    }
    std::shared_ptr<const MetricLabels> current() const {
        const std::lock_guard lock(mutex_);
        return current_;
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const MetricLabels> current_;  ///< never null
};

}  // namespace dproxy::telemetry
