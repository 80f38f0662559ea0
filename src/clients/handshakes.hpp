// SPDX-License-Identifier: MIT
// Handshakes under way with the clients of one worker: how many there may be, of all and of one, as each costs as much
// as a thousand queries, and how they ended.
#pragma once

#include <cstdint>
#include <map>

#include "net/client_network.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::proxy {

/// One thread.
class Handshakes {
public:
    explicit Handshakes(telemetry::WorkerCounters& counters) : counters_(counters) {}

    enum class Admission : std::uint8_t { admitted, too_many, too_many_of_client };
    /// One begins, where it is admitted.
    Admission admit(const net::ClientNetwork& client);
    /// One that was admitted has ended.
    void end(const net::ClientNetwork& client, telemetry::Handshake how);
    /// It was ok, and spared the costly part.
    void note_resumed() { counters_.tls_resumptions[telemetry::Side::client].add(); }
    /// One that cannot begin, as there is no certificate yet.
    void refuse() { count(telemetry::Handshake::no_certificate); }

private:
    void count(telemetry::Handshake how) {
        counters_.tls_handshakes[static_cast<std::size_t>(telemetry::Side::client)][how].add();
    }

    telemetry::WorkerCounters& counters_;
    std::uint32_t under_way_ = 0;
    std::map<net::ClientNetwork, std::uint32_t> of_client_;  ///< ordered: nobody outside chooses what a look costs
};

}  // namespace dproxy::proxy
