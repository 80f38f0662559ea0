// SPDX-License-Identifier: MIT
// The query log's own thread: takes what workers put into their rings and writes it as lines of the log. Where the
// reader of the log takes nothing, or the disk is full, lines are lost and counted; workers never wait.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "query_log/rings.hpp"
#include "telemetry/counters.hpp"
#include "telemetry/handler_failures.hpp"
#include "telemetry/log.hpp"

namespace dproxy::server {

class QueryLogWriter {
public:
    /// `log` and `failures` outlive it.
    QueryLogWriter(std::shared_ptr<query_log::Rings> rings, telemetry::Log& log, telemetry::HandlerFailures& failures);
    ~QueryLogWriter() { stop(); }
    QueryLogWriter(const QueryLogWriter&) = delete;
    QueryLogWriter& operator=(const QueryLogWriter&) = delete;

    /// When the workers have ended: writes what they left, as far as its reader takes it.
    void stop();
    /// Any thread: lines that could not be written.
    const telemetry::Counter& lost() const { return lost_; }

    /// Its thread's loop.
    void run();

private:
    /// False when a line was lost: there is no hurry to take more.
    bool take_some(query_log::Ring& ring, bool& found);
    void take_all();
    bool write();

    std::shared_ptr<query_log::Rings> rings_;
    telemetry::Log& log_;
    telemetry::Counter lost_;
    std::string lines_;  ///< whole ones, not yet written
    std::thread thread_;
};

}  // namespace dproxy::server
