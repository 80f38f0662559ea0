// SPDX-License-Identifier: MIT
#include "server/recent_past.hpp"

#include <algorithm>
#include <utility>

namespace dproxy::server {

namespace {

using telemetry::History;
using telemetry::Past;
using telemetry::Period;

template <typename Take>
void each_second(const Past& past, std::int64_t last, const Take& take) {
    for (std::int64_t at = last - Past::seconds_kept + 1; at <= last; ++at) take(past.second(at));
}

RecentPast::Seconds seconds_of(const Past& past, std::int64_t last) {
    RecentPast::Seconds seconds;
    seconds.reserve(static_cast<std::size_t>(Past::seconds_kept));
    each_second(past, last, [&](const Period& second) { seconds.push_back(second); });
    return seconds;
}

RecentPast::Asked sum_of(const Past& past, std::int64_t last) {
    RecentPast::Asked asked;
    each_second(past, last, [&](const Period& second) {
        if (!second.is_known()) return;
        asked.queries += second.queries;
        asked.failures += second.failures;
    });
    return asked;
}

RecentPast recent_past_of(const History& history) {
    const std::int64_t last = history.last_second();
    RecentPast recent;
    recent.total = seconds_of(history.total(), last);
    std::vector<std::pair<std::uint64_t, telemetry::Slot>> asked_routes;
    for (const telemetry::Slot slot : history.routes().slots()) {
        const std::uint64_t queries = sum_of(*history.routes().find(slot), last).queries;
        if (queries > 0) asked_routes.emplace_back(queries, slot);
    }
    std::stable_sort(asked_routes.begin(), asked_routes.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    if (asked_routes.size() > max_routes_charted) asked_routes.resize(max_routes_charted);
    for (const auto& [queries, slot] : asked_routes) {
        recent.busiest.push_back({std::string(route_label(*history.labels(), slot)), queries,
                                  seconds_of(*history.routes().find(slot), last)});
    }
    for (const telemetry::Slot slot : history.upstreams().slots()) {
        const RecentPast::Asked asked = sum_of(*history.upstreams().find(slot), last);
        recent.upstreams[slot] = asked;
        recent.asked_upstreams += asked.queries;
    }
    return recent;
}

}  // namespace

RecentPast recent_past(const HistoryWatch& watch) {
    return watch.read([](const History& history, auto) { return recent_past_of(history); });
}

}  // namespace dproxy::server
