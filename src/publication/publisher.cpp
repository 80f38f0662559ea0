// SPDX-License-Identifier: MIT
#include "publication/publisher.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace dproxy::proxy {

using routing::UpstreamKey;

Publisher::Publisher(std::shared_ptr<const routing::RouteSettings> master, std::size_t metrics_routes,
                     std::size_t metrics_upstreams, FilterMaker make_filters)
    : master_(std::move(master)),
      make_filters_(std::move(make_filters)),
      routes_(telemetry::first_route_slot, metrics_routes),
      upstreams_(telemetry::first_upstream_slot, metrics_upstreams) {}

void Publisher::take_table(std::shared_ptr<const routing::RouteTable> table,
                           std::chrono::steady_clock::time_point now) {
    telemetry::SlotBook::ManyLabels many;
    many.count = table->route_count();
    many.place_of = [&table](std::string_view label) {
        const routing::RouteIndex route = table->find_label(label);
        return route == routing::no_route ? telemetry::SlotBook::ManyLabels::nowhere : std::size_t{route};
    };
    many.label_at = [&table](std::size_t route) { return table->label(static_cast<routing::RouteIndex>(route)); };
    auto assignment = routes_.assign(many, now);
    route_labels_.clear();
    for (std::size_t i = 0; i < assignment.slots.size(); ++i) {
        if (assignment.slots[i] == telemetry::other_slot) continue;
        route_labels_.push_back({assignment.slots[i], table->label(static_cast<routing::RouteIndex>(i))});
    }
    ++table_serial_;
    table_ = std::move(table);
    table_slots_ = std::make_shared<const std::vector<telemetry::Slot>>(std::move(assignment.slots));
    slots_to_clear_ = std::move(assignment.to_clear);
}

std::set<std::string> Publisher::host_names() const {
    std::set<std::string> hosts;
    const auto add = [&](const routing::RouteSettings& settings) {
        for (const routing::Target& target : settings.targets) {
            if (!target.host.empty()) hosts.insert(target.host);
        }
    };
    for (const auto& settings : table_->settings_list()) add(*settings);
    if (master_) add(*master_);
    return hosts;
}

/// Pools in the making.
struct Publisher::Pools {
    PoolSet& set;
    std::vector<LeftOut>& left_out;
    std::map<UpstreamKey, std::uint32_t> places{};
};

Publisher::Edition Publisher::make(const KnownAddresses& known, std::chrono::steady_clock::time_point now) {
    auto publication = std::make_shared<Publication>();
    auto labels = std::make_shared<telemetry::MetricLabels>();
    auto set = std::make_shared<PoolSet>();
    Edition edition;
    Pools pools{*set, edition.left_out};
    for (const auto& settings : table_->settings_list()) add_pool(settings, known, pools);
    if (master_) {
        set->master = static_cast<std::uint32_t>(set->pools.size());
        add_pool(master_, known, pools);
    }
    publication->table_serial = table_serial_;
    publication->table = table_;
    publication->route_slots = table_slots_;
    publication->route_slots_to_clear = std::exchange(slots_to_clear_, {});
    labels->routes = route_labels_;
    name_upstreams(*set, *publication, *labels, now);
    number_keeping(*set);
    publication->pools = std::move(set);
    edition.publication = std::move(publication);
    edition.labels = std::move(labels);
    return edition;
}

void Publisher::add_pool(std::shared_ptr<const routing::RouteSettings> settings, const KnownAddresses& known,
                         Pools& pools) const {
    Pool pool;
    PoolSet& set = pools.set;
    const auto add = [&](const net::Endpoint& endpoint, const std::string& host) {
        if (known.own.contains(endpoint)) {
            pools.left_out.push_back({endpoint, host, settings});
            if (pool.why_empty == telemetry::Rejection::no_upstream) pool.why_empty = telemetry::Rejection::loop;
            return;
        }
        if (pool.upstreams.size() == max_candidates) return;
        UpstreamKey key;
        key.endpoint = endpoint;
        key.protocol = settings->protocol;
        key.proxy_protocol = settings->proxy_protocol;
        key.https_path = settings->https_path;
        if (is_encrypted(key.protocol)) {
            key.tls = settings->tls;
            if (key.tls.name.empty()) key.tls.name = host;
            if (key.tls.name.ends_with('.')) key.tls.name.pop_back();
        }
        const auto [place, added] = pools.places.try_emplace(key, static_cast<std::uint32_t>(set.upstreams.size()));
        if (added) {
            set.upstreams.emplace_back().key = std::move(key);
        }
        UpstreamSpec& upstream = set.upstreams[place->second];
        upstream.health_mode = most_watchful(upstream.health_mode, settings->health);
        if (!upstream.probe) upstream.probe = settings->probe;
        auto& places = pool.upstreams;
        if (std::find(places.begin(), places.end(), place->second) == places.end()) places.push_back(place->second);
    };
    for (const routing::Target& target : settings->targets) {
        if (target.host.empty()) {
            add(target.endpoint, target.host);
            continue;
        }
        const auto host = known.hosts.find(target.host);
        if (host == known.hosts.end()) {
            pool.why_empty = telemetry::Rejection::not_ready;
            continue;
        }
        for (const net::Address& address : host->second) add({address, target.endpoint.port}, target.host);
    }
    pool.settings = std::move(settings);
    set.pools.push_back(std::move(pool));
}

Publisher::Identity Publisher::identity_of(const UpstreamKey& upstream) {
    const auto before = identities_.find(upstream);
    if (before != identities_.end()) return before->second;
    const bool encrypted = make_filters_ && is_encrypted(upstream.protocol);
    return {next_serial_++, std::make_shared<UpstreamHealth>(), encrypted ? make_filters_(upstream) : nullptr};
}

void Publisher::number_keeping(PoolSet& set) {
    decltype(keeping_) numbers;
    for (Pool& pool : set.pools) {
        if (!pool.settings->keeping.cache) continue;
        const auto before = keeping_.find(pool.settings);
        pool.keeping_serial = before != keeping_.end() ? before->second : next_keeping_++;
        numbers.emplace(pool.settings, pool.keeping_serial);
    }
    keeping_ = std::move(numbers);
}

void Publisher::name_upstreams(PoolSet& set, Publication& publication, telemetry::MetricLabels& labels,
                               std::chrono::steady_clock::time_point now) {
    std::map<UpstreamKey, Identity> identities;
    std::vector<std::string> names;
    names.reserve(set.upstreams.size());
    for (UpstreamSpec& upstream : set.upstreams) {
        const Identity identity = identity_of(upstream.key);
        upstream.serial = identity.serial;
        upstream.health = identity.health;
        upstream.filters = identity.filters;
        identities.emplace(upstream.key, identity);
        names.push_back(upstream.key.endpoint.to_string());
    }
    identities_ = std::move(identities);
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

}  // namespace dproxy::proxy
