// SPDX-License-Identifier: MIT
#include "telemetry/history.hpp"

#include <algorithm>
#include <utility>

namespace dproxy::telemetry {

namespace {

using Workers = std::span<const WorkerCounters* const>;
constexpr std::chrono::nanoseconds second_length = std::chrono::seconds(1);
/// Between two looks, for what was counted between them to be that of one second.
constexpr std::chrono::milliseconds least_apart{500}, most_apart{1500};

Counted counted_of(const WorkerCounters& worker) {
    Counted counted;
    for (const auto& by_family : worker.requests) {
        for (const auto& by_type : by_family) {
            for (std::size_t i = 0; i < count_of<TypeLabel>; ++i) {
                counted.queries += by_type[static_cast<TypeLabel>(i)].value();
            }
        }
    }
    for (const auto& by_rcode : worker.responses) {
        for (std::size_t i = 0; i < count_of<Source>; ++i) {
            const auto source = static_cast<Source>(i);
            counted.failures += by_rcode[static_cast<std::size_t>(RcodeLabel::servfail)][source].value();
        }
    }
    for (const DurationHistogram& durations : worker.duration) counted.add(durations);
    return counted;
}

Counted counted_of(Workers workers) {
    Counted sum;
    for (const WorkerCounters* worker : workers) {
        const Counted counted = counted_of(*worker);
        sum.queries += counted.queries;
        sum.failures += counted.failures;
        for (std::size_t i = 0; i < sum.durations.size(); ++i) sum.durations[i] += counted.durations[i];
    }
    return sum;
}

class CountsOfRoutes final : public CountsOfSlots {
public:
    explicit CountsOfRoutes(Workers workers) : workers_(workers) {}

    std::uint64_t queries(Slot slot) const override {
        std::uint64_t sum = 0;
        for (const WorkerCounters* worker : workers_) sum += worker->route(slot).requests.value();
        return sum;
    }
    Counted counted(Slot slot) const override {
        Counted counted;
        counted.queries = queries(slot);
        for (const WorkerCounters* worker : workers_) {
            counted.failures += worker->route(slot).responses[RcodeLabel::servfail].value();
            counted.add(worker->route(slot).duration);
        }
        return counted;
    }

private:
    Workers workers_;
};

class CountsOfUpstreams final : public CountsOfSlots {
public:
    explicit CountsOfUpstreams(Workers workers) : workers_(workers) {}

    std::uint64_t queries(Slot slot) const override {
        std::uint64_t sum = 0;
        for (const WorkerCounters* worker : workers_) {
            for (const auto& by_reason : worker->upstream(slot).requests) {
                for (const auto reason : {AttemptReason::first, AttemptReason::retry, AttemptReason::hedge}) {
                    sum += by_reason[reason].value();
                }
            }
        }
        return sum;
    }
    Counted counted(Slot slot) const override {
        Counted counted;
        counted.queries = queries(slot);
        for (const WorkerCounters* worker : workers_) {
            const UpstreamCounters& upstream = worker->upstream(slot);
            for (std::size_t i = 0; i < count_of<Failure>; ++i) {
                counted.failures += upstream.failures[static_cast<Failure>(i)].value();
            }
            counted.add(upstream.duration);
        }
        return counted;
    }

private:
    Workers workers_;
};

template <typename Labels>
std::string_view find_label(const Labels& labels, Slot slot) {
    for (const auto& label : labels) {
        if (label.slot == slot) return label.label;
    }
    return {};
}

/// In order, each once.
template <typename Labels>
std::vector<Slot> slots_of(const Labels& labels, Slot always_there) {
    std::vector<Slot> slots;
    for (Slot slot = 0; slot < always_there; ++slot) slots.push_back(slot);
    for (const auto& label : labels) slots.push_back(label.slot);
    std::sort(slots.begin(), slots.end());
    slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
    return slots;
}

}  // namespace

std::string_view route_label(const MetricLabels& labels, Slot slot) {
    switch (slot) {
        case other_slot: return "other";
        case no_route_slot: return "(none)";
        case master_slot: return "(master)";
        default: return find_label(labels.routes, slot);
    }
}

std::string_view upstream_label(const MetricLabels& labels, Slot slot) {
    return slot == other_slot ? "other" : find_label(labels.upstreams, slot);
}

void History::take_labels(std::shared_ptr<const MetricLabels> labels) {
    if (labels == labels_) return;
    for (const Slot slot : routes_.slots()) {
        if (route_label(*labels, slot) != route_label(*labels_, slot)) routes_.forget(slot);
    }
    for (const Slot slot : upstreams_.slots()) {
        if (upstream_label(*labels, slot) != upstream_label(*labels_, slot)) upstreams_.forget(slot);
    }
    route_slots_ = slots_of(labels->routes, first_route_slot);
    upstream_slots_ = slots_of(labels->upstreams, first_upstream_slot);
    labels_ = std::move(labels);
}

void History::look(TimePoint now, Workers workers, std::shared_ptr<const MetricLabels> labels) {
    if (second_ < 0) first_ = last_ = now;
    const auto second = (now - first_ + second_length / 2) / second_length;  // the nearest
    if (second <= second_) return;
    const bool is_known = second_ >= 0 && now - last_ >= least_apart && now - last_ <= most_apart;
    take_labels(std::move(labels));
    second_ = second;
    last_ = now;

    const Counted counted = counted_of(workers);
    const auto counts = counted.since(counted_);
    counted_ = counted;
    if (is_known && counts) {
        total_.add(second_, *counts);
    } else {
        total_.pass(second_);
    }
    routes_.look(second_, is_known, route_slots_, CountsOfRoutes(workers));
    upstreams_.look(second_, is_known, upstream_slots_, CountsOfUpstreams(workers));
}

}  // namespace dproxy::telemetry
