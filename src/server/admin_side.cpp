// SPDX-License-Identifier: MIT
// Held by tests/integration/test_endpoints.py and tests/integration/test_listening.py.
#include "server/admin_side.hpp"

#include <boost/json/serialize.hpp>
#include <optional>
#include <utility>

#include "io/monotonic.hpp"
#include "reports/route_report.hpp"
#include "server/answer_page.hpp"
#include "server/flush.hpp"
#include "server/history_page.hpp"
#include "server/status_page.hpp"
#include "server/status_report.hpp"
#include "server/version.hpp"

namespace dproxy::server {

namespace {

Workers with_prober(Workers workers, const telemetry::WorkerCounters& prober) {
    workers.push_back(&prober);
    return workers;
}

telemetry::CollectorSources collector_sources(const AdminSideSources& from, const Workers& counters,
                                              const telemetry::HttpRejections& rejections) {
    telemetry::CollectorSources sources;
    sources.build = {version, revision};
    sources.workers = counters;
    sources.labels = &from.labels;
    sources.config = &from.config;
    sources.failures = &from.failures;
    sources.http_rejections = &rejections;
    sources.query_lines_lost = &from.query_lines_lost;
    sources.dnstap_lost = &from.dnstap_lost;
    return sources;
}

}  // namespace

AdminSide::AdminSide(AdminSideSources sources)
    : from_(std::move(sources)),
      counters_(with_prober(from_.workers, from_.prober)),
      tracing_(from_.trace_rings, counters_, from_.log, from_.publish_trace),
      collector_(collector_sources(from_, counters_, http_rejections_)) {}

std::string AdminSide::start() {
    const config::Settings& settings = from_.settings;
    if (!settings.admin_enabled) return {};
    http_ = std::make_unique<admin::HttpServer>(admin::make_pages(pages()), admin::HttpLimits(), settings.admin_hosts,
                                                &from_.failures, &http_rejections_);
    const auto endpoints = settings.admin ? std::vector{*settings.admin} : admin::every_address(8080);
    if (const auto fault = http_->start(endpoints)) {
        return "admin: cannot listen on " + fault->address + ": " + fault->error.message();
    }
    for (const net::Endpoint& endpoint : http_->endpoints()) {
        from_.log.info("admin side listens", {{"address", endpoint.to_string()}});
    }
    return {};
}

admin::AdminSources AdminSide::pages() {
    const Reloader& reloader = from_.reloader;
    admin::AdminSources sources;
    sources.metrics = [this] { return collector_.text(); };
    sources.workers = [this] { return worker_turns(); };
    sources.not_ready = [this]() -> std::optional<std::string> {
        std::string reason = not_ready();
        if (reason.empty()) return std::nullopt;
        return reason;
    };
    sources.page = [this](const admin::Parameters& asked) { return page(asked); };
    sources.status = [this] { return status_json(status()); };
    sources.routes = [this, &reloader] { return routes_page_.begin(reloader.routes()->table, from_.settings); };
    sources.files = [this, &reloader](std::string_view name) {
        return files_page_.begin(reloader.routes(), reloader.files_in_force(), name);
    };
    sources.history = [this](std::uint32_t seconds) { return history_page(from_.history, seconds); };
    sources.explain = [this](std::string_view name, std::string_view type, std::string_view client) {
        return explain(name, type, client);
    };
    sources.flush = [this](std::string_view name) { return flush(from_.answers, name, from_.log); };
    sources.trace = [this](std::string_view name, std::string_view duration) {
        return not_ready().empty() ? tracing_.begin(name, duration) : admin::Finding{false, "Not ready yet."};
    };
    sources.trace_steps = [this] { return tracing_.steps(); };
    return sources;
}

std::vector<admin::WorkerTurn> AdminSide::worker_turns() {
    std::vector<std::uint64_t> turns;
    for (const auto* counters : from_.workers) turns.push_back(counters->heartbeat.value());
    const auto stillness = heartbeats_.stillness(turns, Clock::now());
    std::vector<admin::WorkerTurn> workers;
    for (std::size_t i = 0; i < stillness.size(); ++i) {
        workers.push_back({"worker " + std::to_string(i), stillness[i]});
    }
    return workers;
}

admin::NextPiece AdminSide::page(const admin::Parameters& asked) const {
    const PageQuestion question = page_question(asked);
    if (question.is_asked()) return answer_page(question, {from_.reloader, from_.settings, counters_});
    StatusFacts facts = status();
    facts.past = recent_past(from_.history);
    return [page = status_page(facts, question)](std::string& piece) {
        piece += page;
        return false;
    };
}

admin::Finding AdminSide::explain(std::string_view name, std::string_view type, std::string_view client) const {
    const auto parsed = config::parse_route_question(name, type, client);
    if (!parsed.fault.empty()) return {false, parsed.fault};
    const auto routes = from_.reloader.routes();
    return {true, boost::json::serialize(config::explain_report(*routes->table, from_.settings, parsed.question))};
}

StatusFacts AdminSide::status() const {
    const Reloader& reloader = from_.reloader;
    StatusFacts facts;
    facts.version = version;
    facts.revision = revision;
    facts.uptime_seconds = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - from_.started).count());
    facts.not_ready = not_ready();
    facts.listen = from_.listen;
    facts.routes = reloader.routes();
    facts.files_in_force = reloader.files_in_force();
    facts.in_force = reloader.is_in_force();
    facts.publication = reloader.publication();
    facts.watch = reloader.watch();
    facts.hosts = reloader.hosts();
    facts.left_out = reloader.left_out();
    facts.reloads = reloader.last_reloads();
    facts.config = from_.config.facts();
    facts.workers = from_.workers.size();
    facts.cache_size = from_.answers.size();
    facts.counters = counters_;
    facts.now_ns = io::monotonic_ns();
    {
        const std::lock_guard lock(mutex_);
        facts.loops = loops_;
    }
    return facts;
}

void AdminSide::set_not_ready(std::string reason) {
    const std::lock_guard lock(mutex_);
    not_ready_ = std::move(reason);
}

void AdminSide::set_loops(std::shared_ptr<const routing::LoopMarks> loops) {
    const std::lock_guard lock(mutex_);
    loops_.swap(loops);
}

std::string AdminSide::not_ready() const {
    const std::lock_guard lock(mutex_);
    return not_ready_;
}

}  // namespace dproxy::server
