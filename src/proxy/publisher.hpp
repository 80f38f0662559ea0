// SPDX-License-Identifier: MIT
// Makes publications out of route tables: which upstreams there are, and in which slots routes and
// upstreams count. What stays over a reload keeps its identity. Belongs to the thread that reloads.
#pragma once

#include <chrono>
#include <map>
#include <memory>

#include "proxy/publication.hpp"
#include "telemetry/metric_labels.hpp"
#include "telemetry/slot_book.hpp"

namespace dproxy::proxy {

class Publisher {
public:
    /// `master`: where names without a route go, or null.
    Publisher(std::shared_ptr<const routing::RouteSettings> master, std::size_t metrics_routes,
              std::size_t metrics_upstreams);

    /// Slots that the counters of each worker need.
    std::size_t route_slots() const { return routes_.slot_count(); }
    std::size_t upstream_slots() const { return upstreams_.slot_count(); }

    struct Made {
        std::shared_ptr<const Publication> publication;
        std::shared_ptr<const telemetry::MetricLabels> labels;  ///< to be published when every worker has adopted it
    };
    Made make(std::shared_ptr<const routing::RouteTable> table, std::chrono::steady_clock::time_point now);

private:
    Pool make_pool(std::shared_ptr<const routing::RouteSettings> settings, PoolSet& set,
                   std::map<routing::UpstreamKey, std::uint32_t>& places);
    void name_upstreams(PoolSet& set, Publication& publication, telemetry::MetricLabels& labels,
                        std::chrono::steady_clock::time_point now);
    void name_routes(Publication& publication, telemetry::MetricLabels& labels,
                     std::chrono::steady_clock::time_point now);

    std::shared_ptr<const routing::RouteSettings> master_;
    telemetry::SlotBook routes_;
    telemetry::SlotBook upstreams_;
    struct Known {
        std::uint64_t serial = 0;
        std::shared_ptr<UpstreamHealth> health;
    };
    std::map<routing::UpstreamKey, Known> known_;  ///< the upstreams of the last publication
    std::uint64_t next_serial_ = 1;
};

}  // namespace dproxy::proxy
