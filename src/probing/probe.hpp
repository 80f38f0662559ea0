// SPDX-License-Identifier: MIT
// One probe of an upstream: a query of dproxy's own, for the name servers of the root where nothing else is said, over
// the transport that the upstream's routes use, from a socket of its own. Belongs to the thread of its context;
// destroying it ends it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "dns/name.hpp"
#include "io/datagram_batch.hpp"
#include "io/random_ids.hpp"
#include "io/stream_filter.hpp"
#include "publication/publication.hpp"
#include "routing/route_settings.hpp"
#include "telemetry/counters.hpp"

namespace boost::asio {
class io_context;
}

namespace dproxy::proxy {

/// What all probes share. Owned by the prober.
struct ProbeContext {
    boost::asio::io_context& io;
    telemetry::WorkerCounters& counters;
    io::RandomIds random;
    io::ReceiveBatch received;
    io::SendBatch to_send;
    /// By the serial of the upstream: what its connections are encrypted by, made where it is first needed.
    std::unordered_map<std::uint64_t, std::unique_ptr<io::PeerFilters>> filters{};
};

/// Why a probe brought no answer.
struct ProbeFailure {
    telemetry::Failure failure = telemetry::Failure::other;
    std::string reason{};  ///< of Failure::tls and Failure::http, for people
};

class Probe {
public:
    /// Called once, when an answer (nothing) or a failure came. The probe may be destroyed in it.
    using Done = std::function<void(std::optional<ProbeFailure>)>;

    virtual ~Probe() = default;
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

protected:
    Probe() = default;
};

struct ProbeQuestion {
    dns::Name name;
    std::uint16_t type = dns::type::ns;
    bool recursion_desired = false;
};

/// What became of the attempt to probe: a probe under way, or why it failed at once.
struct StartedProbe {
    std::unique_ptr<Probe> probe;
    ProbeFailure failure{};
};

/// Probes an upstream, and counts it. Any message with the probe's ID, QR set and its question, or
/// none, is an answer. When to give up is the caller's to know.
StartedProbe start_probe(ProbeContext& context, const UpstreamSpec& upstream, Probe::Done done,
                         const ProbeQuestion& question = {});

}  // namespace dproxy::proxy
