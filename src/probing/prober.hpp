// SPDX-License-Identifier: MIT
// Watches the upstreams: probes them, hears from the workers what they saw, and says which are up and which send our
// queries back. Has a thread of its own; everything else learns of its judgement by UpstreamHealth and LoopMarks.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "probing/loop_reports.hpp"
#include "publication/publication.hpp"
#include "routing/loop_token.hpp"
#include "telemetry/counters.hpp"
#include "telemetry/handler_failures.hpp"
#include "telemetry/log.hpp"

namespace dproxy::proxy {

inline constexpr std::size_t max_probes_under_way = 256;
/// Probes begun in one look at the upstreams. With more upstreams than can be probed so, or more silent ones
/// than probes may be under way, each is probed less often.
inline constexpr std::size_t max_probes_a_look = 64;
inline constexpr std::uint64_t look_interval_ns = 50'000'000;
/// Upstreams that go up or down, named in the log in this time; the rest is counted.
inline constexpr unsigned max_turns_told = 100;
inline constexpr std::chrono::seconds turns_interval{10};
/// The same reason why an upstream cannot be asked encrypted is told again so much later.
inline constexpr std::uint64_t encryption_fault_again_ns = 600'000'000'000;
/// Where there are more than that, the first probes are spread over this much time each, two seconds at most for all.
inline constexpr std::uint64_t first_probe_spread_ns = 10'000'000;

/// Owned by the server.
class Prober final : public LoopReports {
public:
    /// Called on the prober's thread with the marks that are in force from now on.
    using LoopsChanged = std::function<void(std::shared_ptr<const routing::LoopMarks>)>;

    /// `counters` are the prober's own: it is their only writer. What is referred to outlives the prober.
    Prober(telemetry::WorkerCounters& counters, telemetry::Log& log, telemetry::HandlerFailures& failures,
           const routing::LoopToken& token, LoopsChanged loops_changed);
    ~Prober();  ///< stops
    Prober(const Prober&) = delete;
    Prober& operator=(const Prober&) = delete;

    /// When the workers listen: what comes back before that would not be noticed.
    void start(std::shared_ptr<const Publication> publication);
    /// Any thread. Upstreams that stay keep their judgement. `adopted` is called on the prober's thread when
    /// the upstreams are watched, with the publication, for its table to be released elsewhere.
    void adopt(std::shared_ptr<const Publication> publication,
               std::function<void(std::shared_ptr<const Publication>)> adopted);
    void stop();

    void loop_probe_returned(std::uint64_t number, const net::Address& peer) override;
    void loop_suspected(routing::LoopPlace place) override;
    void replies_guessed(const net::Endpoint& upstream) override;
    void encryption_failed(std::uint64_t upstream, std::string reason) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace dproxy::proxy
