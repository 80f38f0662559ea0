// SPDX-License-Identifier: MIT
// Makes publications out of route tables: which upstreams there are, and in which slots routes and
// upstreams count. What stays over a reload keeps its identity. Belongs to the thread that reloads.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "net/own_addresses.hpp"
#include "proxy/publication.hpp"
#include "telemetry/metric_labels.hpp"
#include "telemetry/slot_book.hpp"

namespace dproxy::proxy {

/// The addresses of host names, as far as they were ever resolved. None is empty.
using AddressBook = std::map<std::string, std::vector<net::Address>>;

/// What an address of a route depends on besides the route.
struct Surroundings {
    const AddressBook& addresses;
    net::OwnAddresses own{};
};

/// An address that is no upstream, because dproxy itself is reached there.
struct LeftOut {
    net::Endpoint endpoint;
    std::string host;  ///< the name that led to it; empty where the address is written in a route
    std::shared_ptr<const routing::RouteSettings> settings;  ///< that name it: of routes, or the master's
};

class Publisher {
public:
    /// `master`: where names without a route go, or null.
    Publisher(std::shared_ptr<const routing::RouteSettings> master, std::size_t metrics_routes,
              std::size_t metrics_upstreams);

    /// Slots that the counters of each worker need.
    std::size_t route_slots() const { return routes_.slot_count(); }
    std::size_t upstream_slots() const { return upstreams_.slot_count(); }
    /// Null where there is none.
    const std::shared_ptr<const routing::RouteSettings>& master() const { return master_; }

    /// From now on publications are of this table. Costs in proportion to the routes that have a metric label, but for
    /// two bytes for each route.
    void take_table(std::shared_ptr<const routing::RouteTable> table, std::chrono::steady_clock::time_point now);
    /// Those that the table and the master upstream have as upstreams.
    std::set<std::string> host_names() const;

    struct Made {
        std::shared_ptr<const Publication> publication;
        std::shared_ptr<const telemetry::MetricLabels> labels;  ///< to be published when every worker has adopted it
        std::vector<LeftOut> left_out;
    };
    /// Of the table taken last: to be called after it, and when addresses have changed. Costs in proportion to
    /// the pools and upstreams.
    Made make(const Surroundings& surroundings, std::chrono::steady_clock::time_point now);

private:
    struct Pools;
    void add_pool(std::shared_ptr<const routing::RouteSettings> settings, const Surroundings& surroundings,
                  Pools& pools) const;
    void name_upstreams(PoolSet& set, Publication& publication, telemetry::MetricLabels& labels,
                        std::chrono::steady_clock::time_point now);

    std::shared_ptr<const routing::RouteSettings> master_;
    telemetry::SlotBook routes_;
    telemetry::SlotBook upstreams_;

    std::uint64_t table_serial_ = 0;
    std::shared_ptr<const routing::RouteTable> table_;
    std::shared_ptr<const std::vector<telemetry::Slot>> table_slots_;  ///< of each route of the table
    std::vector<telemetry::Slot> slots_to_clear_;                      ///< with the next publication
    std::vector<telemetry::RouteLabel> route_labels_;

    struct Known {
        std::uint64_t serial = 0;
        std::shared_ptr<UpstreamHealth> health;
    };
    std::map<routing::UpstreamKey, Known> known_;  ///< the upstreams of the last publication
    std::uint64_t next_serial_ = 1;
};

}  // namespace dproxy::proxy
