// SPDX-License-Identifier: MIT
#include "server/history_watch.hpp"

#include <utility>

namespace dproxy::server {

namespace {

constexpr std::chrono::seconds look_interval{1};

}  // namespace

void HistoryWatch::start() {
    look(Clock::now(), std::chrono::system_clock::now());
    timer_.expires_after(look_interval);
    wait();
}

void HistoryWatch::wait() {
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        // From beat to beat, so that the looks do not drift; those that were slept over are left out.
        const auto now = Clock::now();
        const auto late = (now - timer_.expiry()) / look_interval;
        timer_.expires_at(timer_.expiry() + (late + 1) * look_interval);
        wait();  // first, as the next look must come also where this one fails
        look(now, std::chrono::system_clock::now());
    });
}

void HistoryWatch::look(Clock::time_point now, std::chrono::system_clock::time_point time) {
    std::vector<const telemetry::WorkerCounters*> workers;
    for (const auto& counters : counters_) workers.push_back(counters.get());
    auto labels = labels_.current();
    const std::lock_guard lock(mutex_);
    history_.look(now, workers, std::move(labels));
    looked_ = time;
}

}  // namespace dproxy::server
