// SPDX-License-Identifier: MIT
// The TCP side towards clients: the connections of one worker (RFC 7766, RFC 9210).
#pragma once

#include <memory>
#include <vector>

#include "io/tcp_listener.hpp"
#include "proxy/query_handler.hpp"
#include "proxy/tcp_limits.hpp"
#include "proxy/worker_options.hpp"

namespace dproxy::proxy {

/// One thread; the limits are shared.
class TcpClients {
public:
    TcpClients(boost::asio::io_context& io, telemetry::WorkerCounters& counters, const WorkerOptions& options,
               TcpLimits& limits);
    ~TcpClients();

    void set_handler(QueryHandler& handler) { handler_ = &handler; }
    void listen(io::Fd socket);

    /// Queues an answer; false when the client is gone.
    bool send(const Client& client, dns::Bytes message);
    /// A query of this client that was in flight has come to its end, answered or not.
    void query_done(const Client& client);
    /// Bytes the client has yet to take; 0 when it is gone.
    std::size_t queued_bytes(const Client& client) const;
    /// The address and port that the client asked; 0.0.0.0:0 when it is gone.
    net::Endpoint asked(const Client& client) const;
    /// Cuts the connection at once; the handler is told later that the client is gone.
    void cut(const Client& client);

    /// Each second: closes connections without progress.
    void maintain();
    /// No new connections and no new queries; a connection closes when its answers are out.
    void stop_reading();

private:
    class Connection;
    void accept(io::Fd socket, const io::SocketAddress& peer);
    Connection* find(const Client& client) const;
    void remove(Connection& connection);
    void count_queued_bytes();

    boost::asio::io_context& io_;
    telemetry::WorkerCounters& counters_;
    const WorkerOptions& options_;
    TcpLimits& limits_;
    QueryHandler* handler_ = nullptr;
    std::vector<std::unique_ptr<io::TcpListener>> listeners_;
    std::vector<std::unique_ptr<Connection>> connections_;  ///< by Client::connection; empty places are reused
    std::vector<std::uint32_t> free_places_;
    std::uint32_t next_serial_ = 1;
    std::size_t queued_bytes_ = 0;  ///< of all connections; an upper bound between two counts
    bool stopping_ = false;
};

}  // namespace dproxy::proxy
