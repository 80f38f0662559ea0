// SPDX-License-Identifier: MIT
// What people, probes and scrapers ask of the running program over HTTP: which page is made of what.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "admin/pages.hpp"
#include "cache/answer_memory.hpp"
#include "routing/loop_marks.hpp"
#include "server/counter_sums.hpp"
#include "server/files_page.hpp"
#include "server/history_watch.hpp"
#include "server/listeners.hpp"
#include "server/reloader.hpp"
#include "server/routes_page.hpp"
#include "server/status_facts.hpp"
#include "server/tracing.hpp"
#include "telemetry/collector.hpp"
#include "telemetry/heartbeats.hpp"

namespace dproxy::server {

/// What the admin side reads, by any thread, and outlives it.
struct AdminSideSources {
    const config::Settings& settings;
    const Reloader& reloader;
    const telemetry::PublishedLabels& labels;
    const telemetry::ConfigStatus& config;
    telemetry::HandlerFailures& failures;
    telemetry::Log& log;
    const ListenAddresses& listen;
    const telemetry::Counter& query_lines_lost;
    const telemetry::Counter& dnstap_lost;  ///< messages
    cache::AnswerMemory& answers;
    Workers workers;  ///< their counters
    const telemetry::WorkerCounters& prober;
    const HistoryWatch& history;
    std::shared_ptr<query_log::Rings> trace_rings;
    Tracing::Publish publish_trace;
    std::chrono::steady_clock::time_point started;  ///< the program
};

/// Of the thread that starts and stops it, where nothing else is said.
class AdminSide {
public:
    explicit AdminSide(AdminSideSources sources);
    AdminSide(const AdminSide&) = delete;
    AdminSide& operator=(const AdminSide&) = delete;

    /// Listens, where the settings say so. Why it cannot, or an empty text.
    std::string start();
    /// Nobody is answered from now on.
    void stop() { http_.reset(); }

    /// Any thread. What /readyz says; empty: ready. `starting` until it is called.
    void set_not_ready(std::string reason);
    /// Any thread.
    void set_loops(std::shared_ptr<const routing::LoopMarks> loops);

private:
    using Clock = std::chrono::steady_clock;

    admin::AdminSources pages();
    std::vector<admin::WorkerTurn> worker_turns();
    admin::NextPiece page(const admin::Parameters& asked) const;
    admin::Finding explain(std::string_view name, std::string_view type, std::string_view client) const;
    StatusFacts status() const;
    std::string not_ready() const;

    const AdminSideSources from_;
    Workers counters_;  ///< of the workers and of the prober

    Tracing tracing_;  ///< the thread's that makes pages

    mutable std::mutex mutex_;
    std::string not_ready_ = "starting";
    std::shared_ptr<const routing::LoopMarks> loops_ = std::make_shared<const routing::LoopMarks>();

    telemetry::HttpRejections http_rejections_;
    telemetry::Collector collector_;
    telemetry::Heartbeats heartbeats_;  ///< of the thread of the connections
    RoutesPage routes_page_;            ///< of the thread that makes pages
    FilesPage files_page_;              ///< the same
    std::unique_ptr<admin::HttpServer> http_;
};

}  // namespace dproxy::server
