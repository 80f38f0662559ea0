// SPDX-License-Identifier: MIT
// The UDP side towards clients: the sockets of one worker, batches of queries in, batches of answers out.
#pragma once

#include <memory>
#include <vector>

#include "clients/client_side.hpp"
#include "clients/worker_options.hpp"
#include "io/datagram_batch.hpp"
#include "io/fd.hpp"
#include "telemetry/counters.hpp"

namespace boost::asio {
class io_context;
}

namespace dproxy::proxy {

/// One thread. A ClientSide: nothing is kept for a client, and no client is missed.
class UdpClients {
public:
    /// What it is given outlives it.
    UdpClients(boost::asio::io_context& io, telemetry::WorkerCounters& counters, const WorkerOptions& options,
               io::ReceiveBatch& received);
    ~UdpClients();

    void set_handler(QueryHandler& handler) { handler_ = &handler; }
    void listen(Transport transport, io::Fd socket);

    dns::MutableBytes room(const Client& client);
    bool answer(const Client& client, dns::Bytes message);
    void done(const Client&) {}
    std::size_t queued_bytes(const Client&) const { return 0; }
    net::Endpoint asked(const Client& client) const;
    void cut(const Client&) {}

    void flush();
    std::size_t held_bytes() const { return 0; }
    void for_each_held(const VisitHeld&) const {}
    void maintain();
    void stop_reading();
    bool drained() const { return true; }

private:
    struct Listener;
    void read(Listener& listener);
    /// A turn: queries in, answers out. Returns how many datagrams there were, or -errno.
    int read_batch(Listener& listener);
    /// Whether the datagram is one of who asks: the client, or a proxy that says for whom; then `message` loses its
    /// header, and `client` gets another source.
    bool take_header(dns::MutableBytes& message, Client& client) const;
    void take_batch(Listener& listener, std::size_t count);
    void flush(Listener& listener);
    void shed(Listener& listener);

    boost::asio::io_context& io_;
    telemetry::WorkerCounters& counters_;
    const WorkerOptions& options_;
    io::ReceiveBatch& received_;
    QueryHandler* handler_ = nullptr;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::uint16_t next_ = 0;
};

}  // namespace dproxy::proxy
