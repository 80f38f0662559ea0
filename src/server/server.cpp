// SPDX-License-Identifier: MIT
// Held by tests/integration/test_shutdown.py, tests/integration/test_listening.py and
// tests/integration/test_endpoints.py.
#include "server/server.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <vector>

#include "clients/limits.hpp"
#include "probing/prober.hpp"
#include "relay/worker.hpp"
#include "server/admin_side.hpp"
#include "server/cpu_count.hpp"
#include "server/descriptor_budget.hpp"
#include "server/dnstap_writer.hpp"
#include "server/encryption.hpp"
#include "server/history_watch.hpp"
#include "server/listeners.hpp"
#include "server/memory_watch.hpp"
#include "server/query_log_writer.hpp"
#include "server/reloader.hpp"
#include "server/spare_memory.hpp"
#include "server/upstream_encryption.hpp"
#include "server/version.hpp"
#include "server/worker_settings.hpp"

namespace dproxy::server {

namespace asio = boost::asio;

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
    void wait_for_signal();
    void on_signal(int signal);
    enum class Patience { none, for_queries };
    void publish_loops(std::shared_ptr<const routing::LoopMarks> marks);
    void finish_workers(Patience patience);

    const config::Settings& settings_;
    telemetry::Log& log_;
    telemetry::HandlerFailures failures_{log_};
    const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    const unsigned worker_count_;
    std::uint64_t descriptor_limit_ = 0;
    proxy::WorkerOptions options_;
    QueryLogWriter query_log_;
    std::optional<proxy::TcpLimits> tcp_limits_;
    telemetry::PublishedLabels labels_;
    telemetry::ConfigStatus config_status_;
    std::vector<std::unique_ptr<telemetry::WorkerCounters>> counters_;  ///< the workers'
    std::unique_ptr<telemetry::WorkerCounters> prober_counters_;
    ListenAddresses endpoints_;

    asio::io_context io_{1};
    asio::signal_set signals_{io_};
    asio::steady_timer drain_timer_{io_};
    MemoryWatch memory_watch_{io_, counters_};
    HistoryWatch history_{io_, counters_, labels_};
    bool draining_ = false, finishing_ = false;
    unsigned unfinished_ = 0;

    std::unique_ptr<Encryption> encryption_;  ///< null: nobody is served encrypted
    std::unique_ptr<Reloader> reloader_;
    DnstapWriter dnstap_;  ///< asks the reloader
    std::vector<std::unique_ptr<proxy::Worker>> workers_;
    std::unique_ptr<proxy::Prober> prober_;
    std::optional<AdminSide> admin_;
};

Server::Server(const config::Settings& settings, telemetry::Log& log)
    : settings_(settings),
      log_(log),
      worker_count_(settings.workers > 0 ? settings.workers : usable_cpus()),
      options_(worker_options(settings, worker_count_)),
      query_log_(options_.query_log, log, failures_),
      dnstap_(options_.dnstap, settings.dnstap, log, failures_) {}

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
    admin_->stop();
    reloader_->stop();  // first: it hands publications to the others
    prober_->stop();      // and so does this
    workers_.clear();
    query_log_.stop();
    dnstap_.stop();
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
    }
    prober_counters_ =
        std::make_unique<telemetry::WorkerCounters>(publisher.route_slots(), publisher.upstream_slots());
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
    history_.start();
    if (std::string error = start_admin(); !error.empty()) return error;
    start_workers(listeners, std::move(publication));
    admin_->set_not_ready("");
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
    reloader_->start(worker_count_ + 1, publish);
    dnstap_.start([this](const std::string& host) { return reloader_->host(host); });
}

std::string Server::start_admin() {
    Workers workers;
    for (const auto& counters : counters_) workers.push_back(counters.get());
    const auto publish_trace = [this](const std::shared_ptr<const trace::Order>& order) {
        for (const auto& worker : workers_) worker->publish_trace(order);
    };
    admin_.emplace(AdminSideSources{settings_, *reloader_, labels_, config_status_, failures_, log_, endpoints_,
                                    query_log_.lost(), dnstap_.lost(), *options_.answers, std::move(workers),
                                    *prober_counters_, history_, options_.trace, publish_trace, started_});
    return admin_->start();
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
    admin_->set_not_ready("draining");
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
    admin_->set_loops(std::move(marks));
}

}  // namespace

std::string serve(const config::Settings& settings, telemetry::Log& log) { return Server(settings, log).run(); }

}  // namespace dproxy::server
