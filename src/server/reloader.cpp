// SPDX-License-Identifier: MIT
// Held by tests/integration/test_reload.py, tests/integration/test_reload_faults.py and
// tests/integration/test_reload_watch.py.
#include "server/reloader.hpp"

#include <pthread.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "io/directory_watch.hpp"
#include "io/interfaces.hpp"
#include "server/cpu_count.hpp"
#include "server/spare_memory.hpp"
#include "settings/resolver_settings.hpp"

namespace dproxy::server {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

std::string joined(const config::LabelList& labels) {
    std::string text;
    for (const std::string& label : labels.named) {
        if (!text.empty()) text += ", ";
        text += label;
    }
    if (labels.more > 0) text += " and " + std::to_string(labels.more) + " more";
    return text;
}

config::RouteStoreOptions store_options(const config::Settings& settings, const config::EncryptionCheck* encryption) {
    config::RouteStoreOptions options;
    options.prox.capabilities.encryption = encryption;
    options.no_route_answer = settings.no_route_answer;
    options.owners = settings.owners;
    options.locations = settings.upstream_locations;
    options.extension = settings.upstream_extension;
    options.threads_at_start = usable_cpus();
    return options;
}

config::ReloadHints hints_of(const io::WatchReport& report) {
    return {report.everything, report.unwatched, report.touched, report.open};
}

}  // namespace

struct Reloader::State {
    State(const config::Settings& settings, proxy::Publisher maker, std::vector<net::Endpoint> bound,
          std::shared_ptr<const config::EncryptionCheck> check, telemetry::PublishedLabels& published,
          telemetry::ConfigStatus& config_status, telemetry::Log& the_log,
          telemetry::HandlerFailures& of_handlers)
        : publisher(std::move(maker)),
          listen(std::move(bound)),
          reader_host(settings.dnstap ? settings.dnstap->host : std::string()),
          labels(published),
          status(config_status),
          log(the_log),
          failures(of_handlers),
          encryption(std::move(check)),
          store(store_options(settings, encryption.get())),
          io(1),
          work(io.get_executor()),
          watch(io, watch_options(settings), watch_events()),
          hosts(io, [&settings] { return config::resolver_settings(settings); }, log, [this] { hand_over(make()); }) {}

    static io::WatchOptions watch_options(const config::Settings& settings) {
        io::WatchOptions options;
        options.directories = settings.upstream_locations;
        options.extension = settings.upstream_extension;
        return options;
    }

    io::WatchEvents watch_events() {
        io::WatchEvents events;
        events.changed = [this](const io::WatchReport& report) { on_change(hints_of(report)); };
        events.mode_changed = [this](io::WatchMode mode, const std::string& reason) { on_mode(mode, reason); };
        return events;
    }

    void on_mode(io::WatchMode mode, const std::string& reason);
    void on_change(const config::ReloadHints& hints);
    /// Reads, tells what was found, and makes a publication where the routes changed.
    std::shared_ptr<const proxy::Publication> read(const config::ReloadHints& hints);
    /// Of the table and the addresses as they are now.
    std::shared_ptr<const proxy::Publication> make();
    void tell(const config::ReloadResult& result, std::chrono::nanoseconds duration, bool first);
    void hand_over(std::shared_ptr<const proxy::Publication> made);
    /// `made_of`: the routes that the publication has.
    void adopted(std::shared_ptr<const proxy::Publication> by_all, std::shared_ptr<const config::RoutesState> made_of);

    proxy::Publisher publisher;
    const std::vector<net::Endpoint> listen;
    const std::string reader_host;  ///< of dnstap; empty: none
    telemetry::PublishedLabels& labels;
    telemetry::ConfigStatus& status;
    telemetry::Log& log;
    telemetry::HandlerFailures& failures;
    const std::shared_ptr<const config::EncryptionCheck> encryption;
    config::RouteStore store;
    std::shared_ptr<const telemetry::MetricLabels> made_labels;
    LeftOutList left_out_list;
    LastReloads reload_list;
    Publish publish;
    unsigned receivers = 0;
    bool loaded = false;
    std::atomic<bool> unpublished{false};  ///< a table was read that is not handed over
    std::shared_ptr<const config::RoutesState> adopted_routes;  ///< by every worker
    std::atomic<std::uint64_t> handed_over{0};  ///< how many publications; and of these
    std::atomic<std::uint64_t> in_force{0};     ///< the last that every worker has adopted

    mutable std::mutex mutex;  ///< guards what the admin side reads
    std::shared_ptr<const config::RoutesState> routes;
    std::shared_ptr<const proxy::Publication> publication;  ///< that every worker has adopted
    std::shared_ptr<const config::FilesInForce> files_in_force = std::make_shared<const config::FilesInForce>();
    WatchState watch_state;
    LeftOutList::Reports left_out = left_out_list.reports();
    LastReloads::Notes last_reloads = reload_list.notes();

    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> work;
    io::DirectoryWatch watch;
    proxy::HostNames hosts;
    std::thread thread;
};

void Reloader::State::on_mode(io::WatchMode mode, const std::string& reason) {
    const bool polls = mode == io::WatchMode::poll;
    const auto telemetry_mode = polls ? telemetry::WatchMode::poll : telemetry::WatchMode::inotify;
    status.set_watch(telemetry_mode);
    {
        const std::lock_guard lock(mutex);
        watch_state = {telemetry_mode, reason};
    }
    if (polls) {
        log.warning("routes are looked at every 2 s, without inotify", {{"reason", reason}});
    } else if (loaded) {
        log.info("routes are watched by inotify again");
    }
}

void Reloader::State::on_change(const config::ReloadHints& hints) {
    if (!loaded) return;
    if (auto made = read(hints)) hand_over(std::move(made));
    unpublished = false;
}

std::shared_ptr<const proxy::Publication> Reloader::State::read(const config::ReloadHints& hints) {
    const auto begin = Clock::now();
    const config::ReloadResult result = store.reload(hints, begin);
    if (result.look_again) watch.look_at(*result.look_again);
    std::shared_ptr<const proxy::Publication> made;
    if (result.table_changed || unpublished) {
        unpublished = true;  // until it is handed over: there may be no memory for all of this
        publisher.take_table(result.state->table, Clock::now());
        std::set<std::string> names = publisher.host_names();
        if (!reader_host.empty()) names.insert(reader_host);
        hosts.watch(names);
        made = make();
    }
    {
        const std::lock_guard lock(mutex);
        routes = result.state;
    }
    const bool first = !loaded;
    loaded = true;
    tell(result, Clock::now() - begin, first);
    return made;
}

std::shared_ptr<const proxy::Publication> Reloader::State::make() {
    auto edition = publisher.make({hosts.addresses(), {listen, io::local_addresses()}}, Clock::now());
    made_labels = std::move(edition.labels);
    left_out_list.update(edition.left_out, *edition.publication->table, log);
    const std::lock_guard lock(mutex);
    left_out = left_out_list.reports();
    return edition.publication;
}

void Reloader::State::tell(const config::ReloadResult& result, std::chrono::nanoseconds duration, bool first) {
    for (const config::Diagnostic& fault : result.new_faults) {
        const auto level = fault.severity == config::Severity::error ? telemetry::LogLevel::error
                                                                     : telemetry::LogLevel::warning;
        const telemetry::LogField fields[] = {{"file", fault.file}, {"line", fault.line}, {"fault", fault.message}};
        log.write(level, "route file", fields);
    }
    if (!result.state_changed && !first) return;
    telemetry::Reload reload;
    reload.success = result.state->success;
    reload.time = std::chrono::system_clock::now();
    reload_list.add(result, first, duration, reload.time);
    {
        const std::lock_guard lock(mutex);
        last_reloads = reload_list.notes();
    }
    reload.duration = duration;
    reload.routes = result.state->routes;
    reload.hash = result.state->hash;
    for (const config::RouteFileState& file : result.state->files) reload.files.push_back({file.name, file.valid});
    status.record(std::move(reload));

    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    if (first) {
        log.info("routes loaded", {{"routes", result.state->routes},
                                   {"files", result.state->files.size()},
                                   {"faults", result.state->faults.size()},
                                   {"duration_ms", milliseconds}});
        return;
    }
    log.info("routes reloaded", {{"added", joined(result.changes.added)},
                                 {"changed", joined(result.changes.changed)},
                                 {"removed", joined(result.changes.removed)},
                                 {"routes", result.state->routes},
                                 {"faults", result.state->faults.size()},
                                 {"duration_ms", milliseconds}});
}

void Reloader::State::hand_over(std::shared_ptr<const proxy::Publication> made) {
    const auto left = std::make_shared<std::atomic<unsigned>>(receivers);
    auto done = [this, left, made, made_of = routes, new_labels = made_labels, number = ++handed_over]() mutable {
        if (--*left > 0) return;
        adopted(std::move(made), std::move(made_of));
        labels.publish(new_labels);
        give_back_spare_memory();
        in_force = number;
    };
    publish(made, [this, done](std::shared_ptr<const proxy::Publication> old) {
        // Back on this thread: a table of a million routes takes time to destroy.
        asio::post(io, [done, old = std::move(old)]() mutable {
            old.reset();
            done();
        });
    });
}

void Reloader::State::adopted(std::shared_ptr<const proxy::Publication> by_all,
                              std::shared_ptr<const config::RoutesState> made_of) {
    auto files = files_in_force;  // only this thread makes them
    if (made_of != adopted_routes) {
        files = std::make_shared<const config::FilesInForce>(*files, *made_of, std::chrono::system_clock::now());
    }
    adopted_routes = std::move(made_of);
    const std::lock_guard lock(mutex);
    publication.swap(by_all);  // what it was goes after the lock
    files_in_force.swap(files);
}

Reloader::Reloader(const config::Settings& settings, proxy::Publisher publisher, std::vector<net::Endpoint> listen,
                   std::shared_ptr<const config::EncryptionCheck> encryption, telemetry::PublishedLabels& labels,
                   telemetry::ConfigStatus& status, telemetry::Log& log, telemetry::HandlerFailures& failures)
    : state_(std::make_unique<State>(settings, std::move(publisher), std::move(listen), std::move(encryption), labels,
                                     status, log, failures)) {}

Reloader::~Reloader() { stop(); }

std::shared_ptr<const proxy::Publication> Reloader::load() {
    state_->watch.start();
    config::ReloadHints everything;
    everything.everything = true;
    auto publication = state_->read(everything);
    state_->unpublished = false;
    state_->adopted(publication, state_->routes);
    state_->labels.publish(state_->made_labels);
    give_back_spare_memory();
    return publication;
}

void Reloader::start(unsigned receivers, Publish publish) {
    state_->receivers = receivers;
    state_->publish = std::move(publish);
    state_->thread = std::thread([state = state_.get()] {
        pthread_setname_np(pthread_self(), "reload");
        state->failures.run(state->io, "reload");
    });
}

void Reloader::reload_now() {
    asio::post(state_->io, [state = state_.get()] {
        state->log.info("reading the routes again", {{"reason", "SIGHUP"}});
        state->watch.trigger_now();
    });
}

void Reloader::stop() {
    state_->io.stop();
    if (state_->thread.joinable()) state_->thread.join();
}

std::shared_ptr<const config::RoutesState> Reloader::routes() const {
    const std::lock_guard lock(state_->mutex);
    return state_->routes;
}

WatchState Reloader::watch() const {
    const std::lock_guard lock(state_->mutex);
    return state_->watch_state;
}

std::shared_ptr<const proxy::Publication> Reloader::publication() const {
    const std::lock_guard lock(state_->mutex);
    return state_->publication;
}

bool Reloader::is_in_force() const { return !state_->unpublished && state_->handed_over == state_->in_force; }

std::shared_ptr<const config::FilesInForce> Reloader::files_in_force() const {
    const std::lock_guard lock(state_->mutex);
    return state_->files_in_force;
}

std::vector<proxy::HostReport> Reloader::hosts() const { return state_->hosts.reports().all(); }

proxy::HostReport Reloader::host(const std::string& name) const { return state_->hosts.reports().of(name); }

LeftOutList::Reports Reloader::left_out() const {
    const std::lock_guard lock(state_->mutex);
    return state_->left_out;
}

LastReloads::Notes Reloader::last_reloads() const {
    const std::lock_guard lock(state_->mutex);
    return state_->last_reloads;
}

}  // namespace dproxy::server
