// SPDX-License-Identifier: MIT
// The series of routes and of upstreams.
// Held by tests/unit/telemetry/collector_test.cpp.
#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <type_traits>
#include <string>
#include <unordered_map>
#include <utility>

#include "net/keyed_hash.hpp"
#include "telemetry/families.hpp"
#include "telemetry/printable.hpp"

namespace dproxy::telemetry {
namespace {

constexpr std::string_view other_label = "other";

constexpr std::array<std::pair<CacheEvent, Metric>, count_of<CacheEvent>> cache_metrics{{
    {CacheEvent::hit, Metric::cache_hits},
    {CacheEvent::miss, Metric::cache_misses},
    {CacheEvent::stale, Metric::cache_stale},
    {CacheEvent::prefetch, Metric::cache_prefetches},
    {CacheEvent::merged, Metric::merged},
    {CacheEvent::eviction, Metric::cache_evictions},
}};

/// What counts under one label: a label never stands twice on the page, or no scraper takes the page.
struct Group {
    std::string label;
    std::vector<Slot> slots;
    bool up = true;
};

class Groups {
public:
    void add(std::string_view label, Slot slot, bool up = true) {
        const auto [found, is_new] = index_.try_emplace(printable(label), groups_.size());
        if (is_new) groups_.push_back({found->first, {}, true});
        Group& group = groups_[found->second];
        if (std::find(group.slots.begin(), group.slots.end(), slot) == group.slots.end()) group.slots.push_back(slot);
        group.up = group.up && up;
    }
    std::vector<Group> take() { return std::move(groups_); }

private:
    std::unordered_map<std::string, std::size_t, net::TextHash> index_;
    std::vector<Group> groups_;
};

std::vector<Group> route_groups(const MetricLabels& labels) {
    Groups groups;
    groups.add(other_label, other_slot);
    groups.add("(none)", no_route_slot);
    groups.add("(master)", master_slot);
    for (const RouteLabel& route : labels.routes) {
        if (route.slot != other_slot) groups.add(route.label, route.slot);
    }
    return groups.take();
}

std::vector<Group> upstream_groups(const MetricLabels& labels) {
    Groups groups;
    groups.add(other_label, other_slot);
    for (const UpstreamLabel& upstream : labels.upstreams) {
        const bool up = !upstream.up || upstream.up->load(std::memory_order_relaxed);
        groups.add(upstream.slot == other_slot ? other_label : upstream.label, upstream.slot, up);
    }
    return groups.take();
}

/// The sum over all workers and the group's slots. `Read` takes RouteCounters or UpstreamCounters.
template <typename Read>
std::uint64_t group_total(Workers workers, const Group& group, Read read) {
    return total(workers, [&](const WorkerCounters& worker) {
        std::uint64_t sum = 0;
        for (const Slot slot : group.slots) {
            if constexpr (std::is_invocable_v<Read, const RouteCounters&>) {
                assert(slot < worker.route_slots());
                sum += read(worker.route(slot));
            } else {
                assert(slot < worker.upstream_slots());
                sum += read(worker.upstream(slot));
            }
        }
        return sum;
    });
}

void add_upstream_requests(Workers workers, const Group& group, Series& series) {
    for_each_label<UpstreamTransport>([&](UpstreamTransport transport) {
        for_each_label<AttemptReason>([&](AttemptReason reason) {
            const auto read = [=](const UpstreamCounters& upstream) {
                return upstream.requests[index_of(transport)][reason].value();
            };
            series.add({group.label, name_of(transport), name_of(reason)}, group_total(workers, group, read));
        });
    });
}

HistogramSum upstream_duration(Workers workers, const Group& group) {
    HistogramSum sum = HistogramSum::of_durations();
    for (const WorkerCounters* worker : workers) {
        for (const Slot slot : group.slots) sum.add(worker->upstream(slot).duration);
    }
    return sum;
}

/// One series of `group` for each value of a label, from the member of the counters that counts by it.
template <typename Counters, typename Label>
void add_by_label(Workers workers, const Group& group, CounterBy<Label> Counters::*counters, Series& series) {
    for_each_label<Label>([&](Label label) {
        const auto read = [=](const Counters& from) { return (from.*counters)[label].value(); };
        series.add({group.label, name_of(label)}, group_total(workers, group, read));
    });
}

}  // namespace

void add_route_families(Workers workers, const MetricLabels& labels, Families& families) {
    Series requests(Metric::route_requests);
    Series responses(Metric::route_responses);
    for (const Group& group : route_groups(labels)) {
        requests.add({group.label},
                     group_total(workers, group, [](const RouteCounters& route) { return route.requests.value(); }));
        add_by_label(workers, group, &RouteCounters::responses, responses);
    }
    families.push_back(requests.take());
    families.push_back(responses.take());
    for (const auto& [event, metric] : cache_metrics) {
        Series series(metric);
        for (const Group& group : route_groups(labels)) {
            const auto read = [event = event](const RouteCounters& route) { return route.cache[event].value(); };
            series.add({group.label}, group_total(workers, group, read));
        }
        families.push_back(series.take());
    }
}

void add_upstream_families(Workers workers, const MetricLabels& labels, Families& families) {
    Series requests(Metric::upstream_requests);
    Series responses(Metric::upstream_responses);
    Series failures(Metric::upstream_failures);
    Series durations(Metric::upstream_duration);
    Series up(Metric::upstream_up);
    Series inflight(Metric::upstream_inflight);
    for (const Group& group : upstream_groups(labels)) {
        add_upstream_requests(workers, group, requests);
        add_by_label(workers, group, &UpstreamCounters::responses, responses);
        add_by_label(workers, group, &UpstreamCounters::failures, failures);
        durations.add({group.label}, upstream_duration(workers, group));
        up.add({group.label}, group.up ? std::uint64_t{1} : std::uint64_t{0});
        inflight.add({group.label}, group_total(workers, group, [](const UpstreamCounters& upstream) {
                         return upstream.inflight.value();
                     }));
    }
    for (Series* series : {&requests, &responses, &failures, &durations, &up, &inflight}) {
        families.push_back(series->take());
    }
}

}  // namespace dproxy::telemetry
