// SPDX-License-Identifier: MIT
// The UDP side towards clients: the sockets of one worker, batches of queries in, batches of answers out.
#pragma once

#include <memory>
#include <vector>

#include "io/datagram_batch.hpp"
#include "io/fd.hpp"
#include "proxy/query_handler.hpp"

namespace boost::asio {
class io_context;
}

namespace dproxy::proxy {

/// One thread.
class UdpClients {
public:
    UdpClients(boost::asio::io_context& io, telemetry::WorkerCounters& counters, io::ReceiveBatch& received);
    ~UdpClients();

    void set_handler(QueryHandler& handler) { handler_ = &handler; }
    /// Begins to read a bound socket.
    void listen(io::Fd socket);

    /// Room for an answer that is made here; good until the next flush. Take it, fill it, send it.
    dns::MutableBytes scratch(const Client& client);
    /// The bytes must stay until flush().
    void send(const Client& client, dns::Bytes message);
    void flush();

    /// The address and port that the client asked.
    net::Endpoint asked(const Client& client) const;

    /// Reads what is in the sockets now, and then nothing more.
    void stop_reading();

private:
    struct Listener;
    void read(Listener& listener, bool until_empty);
    void flush(Listener& listener);

    boost::asio::io_context& io_;
    telemetry::WorkerCounters& counters_;
    io::ReceiveBatch& received_;
    QueryHandler* handler_ = nullptr;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::uint16_t next_ = 0;
};

}  // namespace dproxy::proxy
