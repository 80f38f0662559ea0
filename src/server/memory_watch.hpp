// SPDX-License-Identifier: MIT
// What was kept for others and is no longer needed goes back to the system.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "telemetry/counters.hpp"

namespace dproxy::server {

/// Lives on one io_context, whose thread answers nobody: giving back takes time.
class MemoryWatch {
public:
    using Workers = std::vector<std::unique_ptr<telemetry::WorkerCounters>>;

    /// The counters outlive it.
    MemoryWatch(boost::asio::io_context& io, const Workers& counters) : counters_(counters), timer_(io) {}

    /// Looks every two seconds from now on.
    void start();

private:
    void look();

    const Workers& counters_;
    boost::asio::steady_timer timer_;
    std::uint64_t most_buffered_ = 0;  ///< since memory was given back
};

}  // namespace dproxy::server
