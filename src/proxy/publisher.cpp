// SPDX-License-Identifier: MIT
#include "proxy/publisher.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace dproxy::proxy {

using routing::UpstreamKey;

Publisher::Publisher(std::shared_ptr<const routing::RouteSettings> master, std::size_t metrics_routes,
                     std::size_t metrics_upstreams)
    : master_(std::move(master)),
      routes_(telemetry::first_route_slot, metrics_routes),
      upstreams_(telemetry::first_upstream_slot, metrics_upstreams) {}

Publisher::Made Publisher::make(std::shared_ptr<const routing::RouteTable> table,
                                std::chrono::steady_clock::time_point now) {
    auto publication = std::make_shared<Publication>();
    auto labels = std::make_shared<telemetry::MetricLabels>();
    auto set = std::make_shared<PoolSet>();
    std::map<UpstreamKey, std::uint32_t> places;
    for (const auto& settings : table->settings_list()) set->pools.push_back(make_pool(settings, *set, places));
    if (master_) {
        set->master = static_cast<std::uint32_t>(set->pools.size());
        set->pools.push_back(make_pool(master_, *set, places));
    }
    publication->table = std::move(table);
    name_upstreams(*set, *publication, *labels, now);
    name_routes(*publication, *labels, now);
    publication->pools = std::move(set);
    return {std::move(publication), std::move(labels)};
}

Pool Publisher::make_pool(std::shared_ptr<const routing::RouteSettings> settings, PoolSet& set,
                          std::map<UpstreamKey, std::uint32_t>& places) {
    Pool pool;
    for (const routing::Target& target : settings->targets) {
        UpstreamKey key;
        key.endpoint = target.endpoint;
        key.protocol = settings->protocol;
        key.proxy_protocol = settings->proxy_protocol;
        key.tls_verify = settings->tls_verify;
        key.tls_name = settings->tls_name;
        key.tls_ca = settings->tls_ca;
        const auto [place, added] = places.try_emplace(key, static_cast<std::uint32_t>(set.upstreams.size()));
        if (added) set.upstreams.push_back({0, std::move(key), telemetry::other_slot, routing::Health::off, nullptr});
        UpstreamSpec& upstream = set.upstreams[place->second];
        upstream.health_mode = most_watchful(upstream.health_mode, settings->health);
        pool.upstreams.push_back(place->second);
    }
    pool.settings = std::move(settings);
    return pool;
}

void Publisher::name_upstreams(PoolSet& set, Publication& publication, telemetry::MetricLabels& labels,
                               std::chrono::steady_clock::time_point now) {
    std::map<UpstreamKey, Known> known;
    std::vector<std::string> names;
    names.reserve(set.upstreams.size());
    for (UpstreamSpec& upstream : set.upstreams) {
        const auto before = known_.find(upstream.key);
        const Known one = before != known_.end() ? before->second
                                                 : Known{next_serial_++, std::make_shared<UpstreamHealth>()};
        upstream.serial = one.serial;
        upstream.health = one.health;
        known.emplace(upstream.key, one);
        names.push_back(upstream.key.endpoint.to_string());
    }
    known_ = std::move(known);
    const std::vector<std::string_view> views(names.begin(), names.end());
    auto assignment = upstreams_.assign(views, now);
    for (std::size_t i = 0; i < names.size(); ++i) {
        set.upstreams[i].slot = assignment.slots[i];
        // Shares the health's life, points to its one fact.
        const auto& health = set.upstreams[i].health;
        labels.upstreams.push_back(
            {assignment.slots[i], std::move(names[i]), std::shared_ptr<const std::atomic<bool>>(health, &health->up)});
    }
    publication.upstream_slots_to_clear = std::move(assignment.to_clear);
}

void Publisher::name_routes(Publication& publication, telemetry::MetricLabels& labels,
                            std::chrono::steady_clock::time_point now) {
    const routing::RouteTable& table = *publication.table;
    telemetry::SlotBook::ManyLabels many;
    many.count = table.route_count();
    many.place_of = [&table](std::string_view label) {
        const routing::RouteIndex route = table.find_label(label);
        return route == routing::no_route ? telemetry::SlotBook::ManyLabels::nowhere : std::size_t{route};
    };
    many.label_at = [&table](std::size_t route) { return table.label(static_cast<routing::RouteIndex>(route)); };
    auto assignment = routes_.assign(many, now);
    for (std::size_t i = 0; i < assignment.slots.size(); ++i) {
        if (assignment.slots[i] == telemetry::other_slot) continue;
        labels.routes.push_back({assignment.slots[i], table.label(static_cast<routing::RouteIndex>(i))});
    }
    publication.route_slots = std::move(assignment.slots);
    publication.route_slots_to_clear = std::move(assignment.to_clear);
}

}  // namespace dproxy::proxy
