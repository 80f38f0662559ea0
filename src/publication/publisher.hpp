// SPDX-License-Identifier: MIT
// Makes publications out of route tables: which upstreams there are, and in which slots routes and
// upstreams count. What stays over a reload keeps its identity. Belongs to the thread that reloads.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "net/own_addresses.hpp"
#include "publication/address_book.hpp"
#include "publication/publication.hpp"
#include "telemetry/metric_labels.hpp"
#include "telemetry/slot_book.hpp"

namespace dproxy::proxy {

/// By which targets become upstreams: what host names lead to, and where dproxy itself is reached.
struct KnownAddresses {
    const AddressBook& hosts;
    net::OwnAddresses own{};
};

/// An address that is no upstream, because dproxy itself is reached there.
struct LeftOut {
    net::Endpoint endpoint;
    std::string host;  ///< the name that led to it; empty where the address is written in a route
    std::shared_ptr<const routing::RouteSettings> settings;  ///< that name it: of routes, or the master's
};

/// What an upstream's connections are encrypted by; null where they are not.
using FilterMaker = std::function<std::shared_ptr<const io::PeerFilterSource>(const routing::UpstreamKey& upstream)>;

class Publisher {
public:
    /// `master`: where names without a route go, or null.
    Publisher(std::shared_ptr<const routing::RouteSettings> master, std::size_t metrics_routes,
              std::size_t metrics_upstreams, FilterMaker make_filters = {});

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

    /// A publication, and what others than the workers have to know of it.
    struct Edition {
        std::shared_ptr<const Publication> publication;
        std::shared_ptr<const telemetry::MetricLabels> labels;  ///< to be published when every worker has adopted it
        std::vector<LeftOut> left_out;  ///< for the log and /status
    };
    /// Of the table taken last: to be called after it, and when addresses have changed. Costs in proportion to
    /// the pools and upstreams.
    Edition make(const KnownAddresses& known, std::chrono::steady_clock::time_point now);

private:
    struct Pools;
    void add_pool(std::shared_ptr<const routing::RouteSettings> settings, const KnownAddresses& known,
                  Pools& pools) const;
    void number_keeping(PoolSet& set);
    void name_upstreams(PoolSet& set, Publication& publication, telemetry::MetricLabels& labels,
                        std::chrono::steady_clock::time_point now);

    std::shared_ptr<const routing::RouteSettings> master_;
    FilterMaker make_filters_;
    telemetry::SlotBook routes_;
    telemetry::SlotBook upstreams_;

    std::uint64_t table_serial_ = 0;
    std::shared_ptr<const routing::RouteTable> table_;
    std::shared_ptr<const std::vector<telemetry::Slot>> table_slots_;  ///< of each route of the table
    std::vector<telemetry::Slot> slots_to_clear_;                      ///< with the next publication
    std::vector<telemetry::RouteLabel> route_labels_;

    /// What an upstream keeps from publication to publication.
    struct Identity {
        std::uint64_t serial = 0;
        std::shared_ptr<UpstreamHealth> health;
        std::shared_ptr<const io::PeerFilterSource> filters;
    };
    Identity identity_of(const routing::UpstreamKey& upstream);
    std::map<routing::UpstreamKey, Identity> identities_;  ///< of the upstreams of the last publication
    std::uint64_t next_serial_ = 1;

    /// Of the settings of the last publication that keep answers; equal settings are one object over reloads.
    std::map<std::shared_ptr<const routing::RouteSettings>, std::uint32_t> keeping_;
    std::uint32_t next_keeping_ = 1;
};

}  // namespace dproxy::proxy
