// SPDX-License-Identifier: MIT
// Held by tests/integration/test_shutdown.py, tests/integration/test_listening.py and
// tests/integration/test_endpoints.py.
#include "server/server.hpp"

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
#include <optional>
#include <vector>

#include "admin/pages.hpp"
#include "clients/limits.hpp"
#include "io/monotonic.hpp"
#include "probing/prober.hpp"
#include "relay/worker.hpp"
#include "reports/route_report.hpp"
#include "server/cpu_count.hpp"
#include "server/descriptor_budget.hpp"
#include "server/encryption.hpp"
#include "server/files_page.hpp"
#include "server/flush.hpp"
#include "server/listeners.hpp"
#include "server/memory_watch.hpp"
#include "server/query_log_writer.hpp"
#include "server/reloader.hpp"
#include "server/routes_page.hpp"
#include "server/spare_memory.hpp"
#include "server/status_page.hpp"
#include "server/status_report.hpp"
#include "server/upstream_encryption.hpp"
#include "server/version.hpp"
#include "server/worker_settings.hpp"
#include "telemetry/collector.hpp"
#include "telemetry/heartbeats.hpp"

namespace dproxy::server {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

std::string joined(const std::vector<net::Endpoint>& endpoints) {
    std::string text;
    for (const net::Endpoint& endpoint : endpoints) text += (text.empty() ? "" : ", ") + endpoint.to_string();
    return text.empty() ? "off" : text;
}

class Server {
public:
    Server(const config::Settings& settings, telemetry::Log& log);

    std::string run();

private:
    std::string start();
    std::string start_encryption();
    void start_workers(Listeners& listeners, std::shared_ptr<const proxy::Publication> publication);
    void share_out_descriptors(std::size_t upstreams);
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
    telemetry::HandlerFailures failures_{log_};
    telemetry::HttpRejections http_rejections_;
    const Clock::time_point started_ = Clock::now();
    const unsigned worker_count_;
    std::uint64_t descriptor_limit_ = 0;
    proxy::WorkerOptions options_;
    QueryLogWriter query_log_;
    std::optional<proxy::TcpLimits> tcp_limits_;
    telemetry::PublishedLabels labels_;
    telemetry::ConfigStatus config_status_;
    std::vector<std::unique_ptr<telemetry::WorkerCounters>> counters_;  ///< the workers'
    std::unique_ptr<telemetry::WorkerCounters> prober_counters_;
    std::vector<const telemetry::WorkerCounters*> counters_view_;       ///< all of these
    ListenAddresses endpoints_;

    mutable std::mutex mutex_;
    std::string not_ready_ = "starting";
    std::shared_ptr<const routing::LoopMarks> loops_ = std::make_shared<const routing::LoopMarks>();

    asio::io_context io_{1};
    asio::signal_set signals_{io_};
    asio::steady_timer drain_timer_{io_};
    MemoryWatch memory_watch_{io_, counters_};
    bool draining_ = false, finishing_ = false;
    unsigned unfinished_ = 0;

    std::unique_ptr<Encryption> encryption_;  ///< null: nobody is served encrypted
    std::unique_ptr<Reloader> reloader_;
    std::vector<std::unique_ptr<proxy::Worker>> workers_;
    std::unique_ptr<proxy::Prober> prober_;
    std::unique_ptr<telemetry::Collector> collector_;
    telemetry::Heartbeats heartbeats_;  ///< the admin thread's
    RoutesPage routes_page_;            ///< the thread's that makes pages
    FilesPage files_page_;              ///< the same
    std::unique_ptr<admin::HttpServer> http_;
};

Server::Server(const config::Settings& settings, telemetry::Log& log)
    : settings_(settings),
      log_(log),
      worker_count_(settings.workers > 0 ? settings.workers : usable_cpus()),
      options_(worker_options(settings, worker_count_)),
      query_log_(options_.query_log, log, failures_) {}

std::string Server::run() {
    descriptor_limit_ = raise_descriptor_limit();
    map_large_blocks();
    signals_.add(SIGTERM);
    signals_.add(SIGINT);
    signals_.add(SIGHUP);
    memory_watch_.start();
    if (std::string error = start(); !error.empty()) return error;
    wait_for_signal();
    failures_.run(io_, "main");
    http_.reset();
    reloader_->stop();  // first: it hands publications to the others
    prober_->stop();      // and so does this
    workers_.clear();
    query_log_.stop();
    prober_.reset();
    log_.info("stopped");
    return {};
}

std::string Server::start() {
    const ListenAddresses wanted{config::listen_endpoints(settings_), settings_.tls.listen, settings_.tls.listen_https,
                                 settings_.http.listen};
    Listeners listeners = bind_listeners(wanted, worker_count_);
    if (!listeners.error.empty()) return listeners.error;
    for (const std::string& warning : listeners.warnings) log_.warning(warning);
    endpoints_ = listeners.endpoints;

    UpstreamEncryption encryption = upstream_encryption();
    proxy::Publisher publisher(master_settings(settings_), settings_.metrics_routes, settings_.metrics_upstreams,
                               std::move(encryption.make_filters));
    for (unsigned i = 0; i < worker_count_; ++i) {
        counters_.push_back(
            std::make_unique<telemetry::WorkerCounters>(publisher.route_slots(), publisher.upstream_slots()));
        counters_view_.push_back(counters_.back().get());
    }
    prober_counters_ =
        std::make_unique<telemetry::WorkerCounters>(publisher.route_slots(), publisher.upstream_slots());
    counters_view_.push_back(prober_counters_.get());
    reloader_ = std::make_unique<Reloader>(settings_, std::move(publisher), endpoints_.plain,
                                           std::move(encryption.check), labels_, config_status_, log_, failures_);
    auto publication = reloader_->load();
    const auto routes = reloader_->routes();
    if (settings_.strict && !routes->success) {
        for (const config::Diagnostic& fault : routes->faults) {
            if (fault.severity == config::Severity::error) return "strict: " + fault.to_string();
        }
    }
    if (std::string error = start_encryption(); !error.empty()) return error;
    share_out_descriptors(publication->pools->upstreams.size());
    if (std::string error = start_admin(); !error.empty()) return error;
    start_workers(listeners, std::move(publication));
    set_not_ready("");
    log_.info("serving", {{"listen", joined(endpoints_.plain)},
                          {"listen_tls", joined(endpoints_.tls)},
                          {"listen_https", joined(endpoints_.https)},
                          {"listen_http", joined(endpoints_.http)},
                          {"workers", worker_count_},
                          {"version", version}});
    return {};
}

std::string Server::start_encryption() {
    if (settings_.tls.listen.empty() && settings_.tls.listen_https.empty()) return {};
    encryption_ = std::make_unique<Encryption>(io_, settings_.tls, config_status_, log_);
    const std::string fault = encryption_->load();
    if (fault.empty()) return {};
    if (settings_.strict) return "strict: " + fault;
    log_.warning("clients over TLS are refused until there is a certificate", {{"reason", fault}});
    return {};
}

void Server::share_out_descriptors(std::size_t upstreams) {
    DescriptorNeeds needs;
    needs.limit = descriptor_limit_;
    needs.workers = worker_count_;
    needs.addresses =
        endpoints_.plain.size() + endpoints_.tls.size() + endpoints_.https.size() + endpoints_.http.size();
    needs.upstreams = upstreams;
    if (settings_.admin_enabled) needs.http_connections = admin::HttpLimits().connections;
    needs.tcp_connections = settings_.tcp_connections;
    const DescriptorBudget budget = share_out(needs);
    options_.first_reserved_descriptor = budget.first_reserved;
    options_.max_transfers = budget.transfers;
    tcp_limits_.emplace(budget.tcp_connections, settings_.tcp_connections_per_client);
    if (budget.tcp_connections == settings_.tcp_connections) return;
    log_.warning("too few open files for tcp_connections: raise the hard limit (ulimit -Hn, LimitNOFILE)",
                 {{"tcp_connections", settings_.tcp_connections},
                  {"at_most", budget.tcp_connections},
                  {"open_files", descriptor_limit_},
                  {"raise_to", budget.wanted_limit}});
}

void Server::start_workers(Listeners& listeners, std::shared_ptr<const proxy::Publication> publication) {
    prober_ = std::make_unique<proxy::Prober>(*prober_counters_, log_, failures_, options_.loop_token,
                                              [this](auto marks) { publish_loops(std::move(marks)); });
    for (unsigned i = 0; i < worker_count_; ++i) {
        workers_.push_back(
            std::make_unique<proxy::Worker>(i, options_, *counters_[i], *tcp_limits_, *prober_, failures_));
        const auto listen = [&](proxy::Transport transport, std::vector<io::Fd>& sockets) {
            for (io::Fd& socket : sockets) workers_[i]->listen(transport, std::move(socket));
        };
        listen(proxy::Transport::udp, listeners.of_worker[i].udp);
        listen(proxy::Transport::tcp, listeners.of_worker[i].tcp.plain);
        listen(proxy::Transport::tls, listeners.of_worker[i].tcp.tls);
        listen(proxy::Transport::https, listeners.of_worker[i].tcp.https);
        listen(proxy::Transport::http, listeners.of_worker[i].tcp.http);
    }
    if (encryption_) {  // first: who comes at once is not to be refused for want of a certificate
        encryption_->start([this](const auto& filters) {
            for (const auto& worker : workers_) worker->publish_filters(filters);
        });
    }
    for (const auto& worker : workers_) worker->start(publication);
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
    sources.failures = &failures_;
    sources.http_rejections = &http_rejections_;
    sources.query_lines_lost = &query_log_.lost();
    collector_ = std::make_unique<telemetry::Collector>(std::move(sources));
    if (!settings_.admin_enabled) return {};
    http_ = std::make_unique<admin::HttpServer>(admin::make_pages(admin_sources()), admin::HttpLimits(),
                                                settings_.admin_hosts, &failures_, &http_rejections_);
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
    sources.routes = [this] { return routes_page_.begin(reloader_->routes()->table, settings_); };
    sources.files = [this](std::string_view name) {
        return files_page_.begin(reloader_->routes(), reloader_->files_in_force(), name);
    };
    sources.explain = [this](std::string_view name, std::string_view type,
                             std::string_view client) -> admin::Finding {
        const auto parsed = config::parse_route_question(name, type, client);
        if (!parsed.fault.empty()) return {false, parsed.fault};
        const auto routes = reloader_->routes();
        return {true, boost::json::serialize(config::explain_report(*routes->table, settings_, parsed.question))};
    };
    sources.flush = [this](std::string_view name) { return flush(*options_.answers, name, log_); };
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
    facts.files_in_force = reloader_->files_in_force();
    facts.in_force = reloader_->is_in_force();
    facts.publication = reloader_->publication();
    facts.watch = reloader_->watch();
    facts.hosts = reloader_->hosts();
    facts.left_out = reloader_->left_out();
    facts.config = config_status_.facts();
    facts.workers = worker_count_;
    facts.cache_size = options_.answers->size();
    facts.counters = counters_view_;
    facts.now_ns = io::monotonic_ns();
    {
        const std::lock_guard lock(mutex_);
        facts.loops = loops_;
    }
    return facts;
}

void Server::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        wait_for_signal();  // first, as the next must be taken also where this one fails
        on_signal(signal);
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
        const auto publication = reloader_->publication();  // held: the reloader lets go of it at any moment
        for (const proxy::Pool& pool : publication->pools->pools) {
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
