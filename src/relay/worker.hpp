// SPDX-License-Identifier: MIT
// One worker: a thread with its own loop, sockets, queries in flight and counters. Workers share nothing
// that changes but the TCP limits.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "clients/tcp_limits.hpp"
#include "clients/worker_options.hpp"
#include "io/fd.hpp"
#include "io/stream_filter.hpp"
#include "probing/loop_reports.hpp"
#include "publication/publication.hpp"
#include "queries/arrival.hpp"
#include "telemetry/counters.hpp"
#include "telemetry/handler_failures.hpp"
#include "trace/order.hpp"

namespace dproxy::proxy {

/// Owned by the server. Its methods may be called from any thread; they pass the word to the worker's.
class Worker {
public:
    /// What is referred to outlives the worker.
    Worker(unsigned index, const WorkerOptions& options, telemetry::WorkerCounters& counters, TcpLimits& tcp_limits,
           LoopReports& loop_reports, telemetry::HandlerFailures& failures);
    ~Worker();  ///< stops at once
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Bound sockets, read once start() is called. Before start() only.
    void listen(Transport transport, io::Fd socket);

    void start(std::shared_ptr<const Publication> publication);
    /// `replaced` is called on the worker's thread with the publication that was in force.
    void publish(std::shared_ptr<const Publication> publication,
                 std::function<void(std::shared_ptr<const Publication>)> replaced);

    /// What encrypted connections of clients are encrypted by from now on; none: they are refused.
    void publish_filters(io::FilterSources filters);
    void publish_loops(std::shared_ptr<const routing::LoopMarks> marks);
    void publish_trace(std::shared_ptr<const trace::Order> order);

    /// Reads the sockets until they are empty, takes nothing more, finishes what is in flight, waits until clients
    /// over TCP have taken their answers, all within `patience`, then calls `finished` on its thread and ends.
    /// Transfers are cut.
    void finish(std::chrono::nanoseconds patience, std::function<void()> finished);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace dproxy::proxy
