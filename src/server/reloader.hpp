// SPDX-License-Identifier: MIT
// The story of a reload: something changed in a directory, the routes are read again, what changed is
// handed to the workers; so are addresses of host names that are others now. Runs on a thread of its own, so that
// a large reload holds up nothing else.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "hosts/host_names.hpp"
#include "publication/publisher.hpp"
#include "route_files/files_in_force.hpp"
#include "route_files/route_store.hpp"
#include "server/last_reloads.hpp"
#include "server/left_out.hpp"
#include "settings/settings.hpp"
#include "telemetry/config_status.hpp"
#include "telemetry/handler_failures.hpp"
#include "telemetry/log.hpp"

namespace dproxy::server {

/// How routes are watched for at present.
struct WatchState {
    telemetry::WatchMode mode = telemetry::WatchMode::inotify;
    std::string reason;  ///< why not by inotify
};

class Reloader {
public:
    /// Called with what a reload made. `released` is to be called, on any thread, once by each receiver that
    /// has adopted it, with a publication that it needs no more.
    using Released = std::function<void(std::shared_ptr<const proxy::Publication>)>;
    using Publish = std::function<void(std::shared_ptr<const proxy::Publication>, Released released)>;

    /// What is referred to outlives the reloader. `listen`: the addresses that are bound. `encryption`: null in a
    /// build without TLS.
    Reloader(const config::Settings& settings, proxy::Publisher publisher, std::vector<net::Endpoint> listen,
             std::shared_ptr<const config::EncryptionCheck> encryption, telemetry::PublishedLabels& labels,
             telemetry::ConfigStatus& status, telemetry::Log& log, telemetry::HandlerFailures& failures);
    ~Reloader();  ///< stops
    Reloader(const Reloader&) = delete;
    Reloader& operator=(const Reloader&) = delete;

    /// The first load, on the caller's thread; the watch stands already, so that no change is missed.
    std::shared_ptr<const proxy::Publication> load();
    /// From now on changes are published. `receivers` calls of `released` are waited for each time.
    void start(unsigned receivers, Publish publish);
    /// Any thread: read everything again now (SIGHUP).
    void reload_now();
    void stop();

    /// Any thread.
    std::shared_ptr<const config::RoutesState> routes() const;
    WatchState watch() const;
    /// The last one that every worker has adopted.
    std::shared_ptr<const proxy::Publication> publication() const;
    /// All that was made is adopted: no worker goes by anything older than another does.
    bool is_in_force() const;
    /// Which content of each file every worker goes by.
    std::shared_ptr<const config::FilesInForce> files_in_force() const;
    std::vector<proxy::HostReport> hosts() const;
    /// Of one of them, or of the dnstap reader's. After load().
    proxy::HostReport host(const std::string& name) const;
    LeftOutList::Reports left_out() const;
    LastReloads::Notes last_reloads() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace dproxy::server
