// SPDX-License-Identifier: MIT
// A client's end of a TCP connection: it asks, pipelines, waits, does not read, closes half, resets.
#pragma once

#include <unordered_map>

#include "simulation/clients.hpp"

namespace dproxy::simulation {

class Clients::Connection final : public TcpPeer {
public:
    Connection(Clients& clients, const net::Endpoint& client, const net::Endpoint& at)
        : clients_(clients), client_(client), at_(at) {}

    bool is_over() const { return !socket || leaving_; }
    /// Whatever comes to its mind.
    void act();
    void leave();
    void reset();
    /// Queries that the worker could have answered here, and did not.
    std::size_t unanswered() const;

    void on_bytes(dns::Bytes bytes) override;
    void on_finished() override;
    void on_reset() override { lost(); }

private:
    void ask();
    void on_message(dns::Bytes message);
    /// What it asked will not be answered here any more.
    void lost();
    void stop_reading();

    Clients& clients_;
    net::Endpoint client_;
    net::Endpoint at_;
    std::unordered_map<std::uint16_t, std::uint64_t> open_;  ///< number of the question, by its ID
    std::unordered_map<std::uint16_t, std::uint64_t> transfers_;
    std::vector<std::uint8_t> received_;
    bool leaving_ = false;
    bool stalled_ = false;  ///< it reads nothing at present
};

}  // namespace dproxy::simulation
