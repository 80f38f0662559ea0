// SPDX-License-Identifier: MIT
// Watches the upstreams: probes them, hears from the workers what they saw, and says which are up. Has a
// thread of its own; everything else learns of its judgement by UpstreamHealth.
#pragma once

#include <functional>
#include <memory>

#include "proxy/publication.hpp"
#include "telemetry/counters.hpp"
#include "telemetry/log.hpp"

namespace dproxy::proxy {

inline constexpr std::size_t max_probes_under_way = 256;
/// Probes begun in one look at the upstreams. With more upstreams than can be probed so, or more silent ones
/// than probes may be under way, each is probed less often.
inline constexpr std::size_t max_probes_a_look = 64;
inline constexpr std::uint64_t look_interval_ns = 50'000'000;
/// New upstreams have their first probe spread over this much time each, two seconds at most for all.
inline constexpr std::uint64_t first_probe_spread_ns = 10'000'000;

/// Owned by the server.
class Prober {
public:
    /// `counters` are the prober's own: it is their only writer. Both outlive the prober.
    Prober(telemetry::WorkerCounters& counters, telemetry::Log& log);
    ~Prober();  ///< stops
    Prober(const Prober&) = delete;
    Prober& operator=(const Prober&) = delete;

    void start(std::shared_ptr<const Publication> publication);
    /// Any thread. Upstreams that stay keep their judgement. `adopted` is called on the prober's thread when
    /// the upstreams are watched, with the publication, for its table to be released elsewhere.
    void adopt(std::shared_ptr<const Publication> publication,
               std::function<void(std::shared_ptr<const Publication>)> adopted);
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace dproxy::proxy
