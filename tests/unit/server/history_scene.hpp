// SPDX-License-Identifier: MIT
// A history that is looked at when a test says so.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "server/history_watch.hpp"

namespace dproxy::test {

struct HistoryScene {
    boost::asio::io_context io{1};
    std::vector<std::unique_ptr<telemetry::WorkerCounters>> workers;
    telemetry::PublishedLabels labels;
    server::HistoryWatch watch{io, workers, labels};
    std::chrono::steady_clock::time_point now{std::chrono::seconds(1)};
    std::chrono::system_clock::time_point time{std::chrono::seconds(1'800'000'000)};

    /// Routes r0, r1, ... and upstreams u0, u1, ...
    explicit HistoryScene(std::size_t count = 2) {
        const std::size_t slots = count + telemetry::first_route_slot;
        workers.push_back(std::make_unique<telemetry::WorkerCounters>(slots, slots));
        telemetry::MetricLabels named;
        for (std::size_t i = 0; i < count; ++i) {
            named.routes.push_back({route(i), "r" + std::to_string(i)});
            named.upstreams.push_back({upstream(i), "u" + std::to_string(i), nullptr});
        }
        publish(std::move(named));
        watch.look(now, time);
    }
    static telemetry::Slot route(std::size_t index) {
        return static_cast<telemetry::Slot>(telemetry::first_route_slot + index);
    }
    static telemetry::Slot upstream(std::size_t index) {
        return static_cast<telemetry::Slot>(telemetry::first_upstream_slot + index);
    }
    void publish(telemetry::MetricLabels named) {
        labels.publish(std::make_shared<const telemetry::MetricLabels>(std::move(named)));
    }
    telemetry::WorkerCounters& counters() { return *workers.front(); }
    /// A query that was answered, by the upstream of the same number.
    void answer(std::size_t number, telemetry::RcodeLabel rcode = telemetry::RcodeLabel::noerror) {
        constexpr std::uint64_t taken_ns = 1'000'000;
        counters().requests[0][0][telemetry::TypeLabel::a].add();
        counters().responses[0][static_cast<std::size_t>(rcode)][telemetry::Source::upstream].add();
        counters().duration[0].observe(taken_ns);
        counters().route(route(number)).requests.add();
        counters().route(route(number)).responses[rcode].add();
        counters().route(route(number)).duration.observe(taken_ns);
        counters().upstream(upstream(number)).requests[0][telemetry::AttemptReason::first].add();
        counters().upstream(upstream(number)).duration.observe(taken_ns);
    }
    void look(std::chrono::seconds later = std::chrono::seconds(1)) {
        now += later;
        time += later;
        watch.look(now, time);
    }
};

}  // namespace dproxy::test
