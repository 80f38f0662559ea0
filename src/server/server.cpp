// SPDX-License-Identifier: MIT
#include "server/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <csignal>
#include <memory>
#include <mutex>
#include <vector>

#include "admin/pages.hpp"
#include "config/route_report.hpp"
#include "io/random_ids.hpp"
#include "proxy/limits.hpp"
#include "proxy/monotonic.hpp"
#include "proxy/prober.hpp"
#include "proxy/worker.hpp"
#include "server/cpu_count.hpp"
#include "server/listeners.hpp"
#include "server/reloader.hpp"
#include "server/spare_memory.hpp"
#include "server/status_page.hpp"
#include "server/status_report.hpp"
#include "server/version.hpp"
#include "telemetry/collector.hpp"
#include "telemetry/heartbeats.hpp"

namespace dproxy::server {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

/// Every upstream socket and connection is a descriptor; the usual soft limit of 1,024 is for programs with select().
void raise_descriptor_limit() {
    rlimit limit;
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::shared_ptr<const routing::RouteSettings> master_settings(const config::Settings& settings) {
    if (!settings.use_master_upstream) return nullptr;
    auto master = std::make_shared<routing::RouteSettings>();
    master->targets = settings.master_upstream;
    master->allow_all = false;
    master->allow = settings.master_allow;
    return master;
}

routing::LoopToken draw_loop_token() {
    io::RandomIds random;
    std::array<std::uint8_t, routing::LoopToken::random_bytes> bytes;
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
    return routing::LoopToken(bytes);
}

proxy::WorkerOptions worker_options(const config::Settings& settings, unsigned workers) {
    proxy::WorkerOptions options;
    options.allow_all = settings.allow_all;
    options.allow = settings.allow;
    options.no_route_answer = settings.no_route_answer;
    options.workers = workers;
    options.rate_limit = settings.rate_limit == 0 ? 0 : proxy::share_of(settings.rate_limit, workers);
    options.max_inflight = proxy::share_of(settings.max_inflight, workers);
    options.tcp_queries = settings.tcp_queries;
    options.tcp_inflight = settings.tcp_inflight;
    options.loop_token = draw_loop_token();
    options.tcp_idle_ns = proxy::nanoseconds_of(settings.tcp_idle);
    return options;
}

class Server {
public:
    Server(const config::Settings& settings, telemetry::Log& log);

    std::string run();

private:
    std::string start();
    void start_workers(Listeners& listeners, std::shared_ptr<const proxy::Publication> publication);
    std::string start_admin();
    admin::AdminSources admin_sources();
    StatusFacts status() const;
    void wait_for_signal();
    void on_signal(int signal);
    enum class Patience { none, for_queries };
    void publish_loops(std::shared_ptr<const routing::LoopMarks> marks);
    void finish_workers(Patience patience);
    void set_not_ready(std::string reason);
    std::string not_ready() const;

    const config::Settings& settings_;
    telemetry::Log& log_;
    const Clock::time_point started_ = Clock::now();
    const unsigned worker_count_;
    const proxy::WorkerOptions options_;
    proxy::TcpLimits tcp_limits_;
    telemetry::PublishedLabels labels_;
    telemetry::ConfigStatus config_status_;
    std::vector<std::unique_ptr<telemetry::WorkerCounters>> counters_;  ///< the workers'
    std::unique_ptr<telemetry::WorkerCounters> prober_counters_;
    std::vector<const telemetry::WorkerCounters*> counters_view_;       ///< all of these
    std::vector<net::Endpoint> endpoints_;

    mutable std::mutex mutex_;
    std::string not_ready_ = "starting";
    std::shared_ptr<const routing::LoopMarks> loops_ = std::make_shared<const routing::LoopMarks>();

    asio::io_context io_{1};
    asio::signal_set signals_{io_};
    asio::steady_timer drain_timer_{io_};
    bool draining_ = false;
    bool finishing_ = false;
    unsigned unfinished_ = 0;

    std::unique_ptr<Reloader> reloader_;
    std::vector<std::unique_ptr<proxy::Worker>> workers_;
    std::unique_ptr<proxy::Prober> prober_;
    std::unique_ptr<telemetry::Collector> collector_;
    telemetry::Heartbeats heartbeats_;  ///< the admin thread's
    std::unique_ptr<admin::HttpServer> http_;
};

Server::Server(const config::Settings& settings, telemetry::Log& log)
    : settings_(settings),
      log_(log),
      worker_count_(settings.workers > 0 ? settings.workers : usable_cpus()),
      options_(worker_options(settings, worker_count_)),
      tcp_limits_(settings.tcp_connections, settings.tcp_connections_per_client) {}

std::string Server::run() {
    raise_descriptor_limit();
    map_large_blocks();
    std::signal(SIGPIPE, SIG_IGN);
    signals_.add(SIGTERM);
    signals_.add(SIGINT);
    signals_.add(SIGHUP);
    if (std::string error = start(); !error.empty()) return error;
    wait_for_signal();
    io_.run();
    http_.reset();
    reloader_->stop();  // first: it hands publications to the others
    prober_->stop();      // and so does this
    workers_.clear();
    prober_.reset();
    log_.info("stopped");
    return {};
}

std::string Server::start() {
    Listeners listeners = bind_listeners(config::listen_endpoints(settings_), worker_count_);
    if (!listeners.error.empty()) return listeners.error;
    for (const std::string& warning : listeners.warnings) log_.warning(warning);
    endpoints_ = listeners.endpoints;

    proxy::Publisher publisher(master_settings(settings_), settings_.metrics_routes, settings_.metrics_upstreams);
    for (unsigned i = 0; i < worker_count_; ++i) {
        counters_.push_back(
            std::make_unique<telemetry::WorkerCounters>(publisher.route_slots(), publisher.upstream_slots()));
        counters_view_.push_back(counters_.back().get());
    }
    prober_counters_ =
        std::make_unique<telemetry::WorkerCounters>(publisher.route_slots(), publisher.upstream_slots());
    counters_view_.push_back(prober_counters_.get());
    reloader_ = std::make_unique<Reloader>(settings_, std::move(publisher), endpoints_, labels_, config_status_, log_);
    auto publication = reloader_->load();
    if (settings_.strict && !reloader_->routes()->success) {
        for (const config::Diagnostic& fault : reloader_->routes()->faults) {
            if (fault.severity == config::Severity::error) return "strict: " + fault.to_string();
        }
    }
    if (std::string error = start_admin(); !error.empty()) return error;
    start_workers(listeners, std::move(publication));
    set_not_ready("");
    std::string addresses;
    for (const net::Endpoint& endpoint : endpoints_) {
        addresses += (addresses.empty() ? "" : ", ") + endpoint.to_string();
    }
    log_.info("serving", {{"listen", addresses}, {"workers", worker_count_}, {"version", version}});
    return {};
}

void Server::start_workers(Listeners& listeners, std::shared_ptr<const proxy::Publication> publication) {
    prober_ = std::make_unique<proxy::Prober>(*prober_counters_, log_, options_.loop_token,
                                              [this](auto marks) { publish_loops(std::move(marks)); });
    for (unsigned i = 0; i < worker_count_; ++i) {
        workers_.push_back(std::make_unique<proxy::Worker>(i, options_, *counters_[i], tcp_limits_, *prober_));
        for (io::Fd& socket : listeners.of_worker[i].udp) workers_[i]->listen_udp(std::move(socket));
        for (io::Fd& socket : listeners.of_worker[i].tcp) workers_[i]->listen_tcp(std::move(socket));
        workers_[i]->start(publication);
    }
    prober_->start(std::move(publication));
    const auto publish = [this](std::shared_ptr<const proxy::Publication> made, Reloader::Released released) {
        for (const auto& worker : workers_) worker->publish(made, released);
        prober_->adopt(std::move(made), std::move(released));
    };
    const unsigned receivers = worker_count_ + 1;
    reloader_->start(receivers, publish);
}

std::string Server::start_admin() {
    telemetry::CollectorSources sources;
    sources.build = {version, revision};
    sources.workers = counters_view_;
    sources.labels = &labels_;
    sources.config = &config_status_;
    collector_ = std::make_unique<telemetry::Collector>(std::move(sources));
    if (!settings_.admin_enabled) return {};
    http_ = std::make_unique<admin::HttpServer>(admin::make_pages(admin_sources()));
    const auto endpoints = settings_.admin ? std::vector{*settings_.admin} : admin::every_address(8080);
    if (const auto fault = http_->start(endpoints)) {
        return "admin: cannot listen on " + fault->address + ": " + fault->error.message();
    }
    for (const net::Endpoint& endpoint : http_->endpoints()) {
        log_.info("admin side listens", {{"address", endpoint.to_string()}});
    }
    return {};
}

admin::AdminSources Server::admin_sources() {
    admin::AdminSources sources;
    sources.metrics = [this] { return collector_->text(); };
    sources.workers = [this] {
        std::vector<std::uint64_t> turns;
        for (const auto& counters : counters_) turns.push_back(counters->heartbeat.value());
        const auto stillness = heartbeats_.stillness(turns, Clock::now());
        std::vector<admin::WorkerTurn> workers;
        for (std::size_t i = 0; i < stillness.size(); ++i) {
            workers.push_back({"worker " + std::to_string(i), stillness[i]});
        }
        return workers;
    };
    sources.not_ready = [this]() -> std::optional<std::string> {
        std::string reason = not_ready();
        if (reason.empty()) return std::nullopt;
        return reason;
    };
    sources.page = [this] { return status_page(status()); };
    sources.status = [this] { return status_json(status()); };
    sources.routes = [this] { return config::routes_json(*reloader_->routes()->table, settings_); };
    sources.explain = [this](std::string_view name, std::string_view type) -> admin::Explanation {
        const auto parsed = config::parse_route_question(name, type);
        if (!parsed.fault.empty()) return {false, parsed.fault};
        const auto routes = reloader_->routes();
        return {true, boost::json::serialize(config::explain_report(*routes->table, settings_, parsed.question))};
    };
    return sources;
}

StatusFacts Server::status() const {
    StatusFacts facts;
    facts.version = version;
    facts.revision = revision;
    facts.uptime_seconds = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started_).count());
    facts.not_ready = not_ready();
    facts.listen = endpoints_;
    facts.routes = reloader_->routes();
    facts.publication = reloader_->publication();
    facts.watch = reloader_->watch();
    facts.hosts = reloader_->hosts();
    facts.left_out = reloader_->left_out();
    facts.config = config_status_.facts();
    facts.workers = worker_count_;
    facts.counters = counters_view_;
    facts.now_ns = proxy::monotonic_ns();
    {
        const std::lock_guard lock(mutex_);
        facts.loops = loops_;
    }
    return facts;
}

void Server::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        on_signal(signal);
        wait_for_signal();
    });
}

void Server::on_signal(int signal) {
    if (signal == SIGHUP) return reloader_->reload_now();
    if (draining_) {
        log_.info("stopping at once", {{"reason", "a second signal"}});
        drain_timer_.cancel();
        return finish_workers(Patience::none);
    }
    draining_ = true;
    set_not_ready("draining");
    const char* name = signal == SIGTERM ? "SIGTERM" : "SIGINT";
    log_.info("draining", {{"signal", name}, {"drain_ms", settings_.drain.count()}});
    drain_timer_.expires_after(settings_.drain);
    drain_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) finish_workers(Patience::for_queries);
    });
}

void Server::finish_workers(Patience patience) {
    if (finishing_) return io_.stop();  // the second signal came while queries were waited for
    finishing_ = true;
    std::chrono::milliseconds longest{0};
    if (patience == Patience::for_queries) {
        for (const proxy::Pool& pool : reloader_->publication()->pools->pools) {
            longest = std::max(longest, pool.settings->timeout);
        }
    }
    unfinished_ = worker_count_;
    for (const auto& worker : workers_) {
        worker->finish(longest, [this] {
            asio::post(io_, [this] {
                if (--unfinished_ == 0) io_.stop();
            });
        });
    }
}

void Server::publish_loops(std::shared_ptr<const routing::LoopMarks> marks) {
    for (const auto& worker : workers_) worker->publish_loops(marks);
    const std::lock_guard lock(mutex_);
    loops_ = std::move(marks);
}

void Server::set_not_ready(std::string reason) {
    const std::lock_guard lock(mutex_);
    not_ready_ = std::move(reason);
}

std::string Server::not_ready() const {
    const std::lock_guard lock(mutex_);
    return not_ready_;
}

}  // namespace

std::string serve(const config::Settings& settings, telemetry::Log& log) { return Server(settings, log).run(); }

}  // namespace dproxy::server
