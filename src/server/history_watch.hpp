// SPDX-License-Identifier: MIT
// Looks at the counters once a second for the history of what was counted, and lets it be read.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include "telemetry/history.hpp"

namespace dproxy::server {

/// Lives on one io_context, whose thread answers nobody.
class HistoryWatch {
public:
    using Clock = std::chrono::steady_clock;
    using Workers = std::vector<std::unique_ptr<telemetry::WorkerCounters>>;

    /// Counters and labels outlive it.
    HistoryWatch(boost::asio::io_context& io, const Workers& counters, const telemetry::PublishedLabels& labels)
        : counters_(counters), labels_(labels), timer_(io) {}

    /// Looks each second from now on.
    void start();
    void look(Clock::time_point now, std::chrono::system_clock::time_point time);

    /// Any thread. `read` gets the history and the time of the last look; it must not take long.
    template <typename Read>
    auto read(const Read& read) const {
        const std::lock_guard lock(mutex_);
        return read(history_, looked_);
    }

private:
    void wait();

    const Workers& counters_;
    const telemetry::PublishedLabels& labels_;
    boost::asio::steady_timer timer_;
    mutable std::mutex mutex_;
    telemetry::History history_;
    std::chrono::system_clock::time_point looked_{};
};

}  // namespace dproxy::server
