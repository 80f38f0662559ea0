// SPDX-License-Identifier: MIT
// Held by tests/integration/test_dot.py and tests/integration/test_certificates.py.
#include "server/encryption.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "certificates/certificate_files.hpp"
#include "io/directory_watch.hpp"
#include "io/monotonic.hpp"

namespace dproxy::server {

namespace {

/// Certificates expire, and keys of tickets grow old, without a file that changes.
constexpr std::chrono::minutes look_interval{1};

certificates::Now now() {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    return {seconds.count(), io::monotonic_ns()};
}

}  // namespace

struct Encryption::State {
    State(boost::asio::io_context& io, const config::TlsSettings& settings, telemetry::ConfigStatus& config_status,
          telemetry::Log& the_log)
        : files(settings, io::monotonic_ns()),
          status(config_status),
          log(the_log),
          timer(io),
          watch(io, {.directories = files.directories(), .extension = ""},
                {[this](const io::WatchReport&) { look(); }, [](io::WatchMode, const std::string&) {}}) {}

    void look();
    void look_later();
    void tell();

    certificates::CertificateFiles files;
    config::Diagnostics told;  ///< faults that stand, so that each is told once
    telemetry::ConfigStatus& status;
    telemetry::Log& log;
    Publish publish;  ///< empty before start()
    boost::asio::steady_timer timer;
    io::DirectoryWatch watch;
};

void Encryption::State::look() {
    const bool changed = files.read(now());
    tell();
    if (!changed || !publish) return;
    log.info("certificates taken", {{"files", files.states().size()}});
    publish(files.filters());
}

void Encryption::State::look_later() {
    timer.expires_after(look_interval);
    timer.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        look_later();
        look();
    });
}

void Encryption::State::tell() {
    std::vector<std::string> faults;
    for (const config::Diagnostic& fault : files.faults()) {
        faults.push_back(fault.to_string());
        if (std::find(told.begin(), told.end(), fault) != told.end()) continue;
        log.error("certificate", {{"file", fault.file}, {"fault", fault.message}});
    }
    told = files.faults();
    std::vector<telemetry::CertificateFact> facts;
    for (const certificates::CertificateState& state : files.states()) {
        facts.push_back({state.file, state.valid, state.expires});
    }
    status.set_certificates(std::move(facts), std::move(faults));
}

Encryption::Encryption(boost::asio::io_context& io, const config::TlsSettings& settings,
                       telemetry::ConfigStatus& status, telemetry::Log& log)
    : state_(std::make_unique<State>(io, settings, status, log)) {}

Encryption::~Encryption() = default;

std::string Encryption::load() {
    state_->watch.start();
    state_->look();
    if (state_->files.filters().of_messages) return {};
    const config::Diagnostics& faults = state_->files.faults();
    return faults.empty() ? "no certificate" : faults.front().to_string();
}

void Encryption::start(Publish publish) {
    state_->publish = std::move(publish);
    state_->publish(state_->files.filters());
    state_->look_later();
}

}  // namespace dproxy::server
