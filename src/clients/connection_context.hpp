// SPDX-License-Identifier: MIT
// What all connections of clients of one worker share.
// Held by tests/integration/test_client_tcp_limits.py and tests/integration/test_transports.py.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "clients/handshakes.hpp"
#include "clients/query_handler.hpp"
#include "clients/session_rules.hpp"
#include "clients/tcp_limits.hpp"
#include "clients/worker_options.hpp"
#include "io/byte_meter.hpp"
#include "io/one_by_one.hpp"
#include "telemetry/counters.hpp"

namespace boost::asio {
class io_context;
}

namespace dproxy::proxy {

class ClientConnection;

/// Who holds the connections.
class ConnectionHolder {
public:
    /// It has ended, and goes in this call.
    virtual void on_end(ClientConnection& connection) = 0;

protected:
    ~ConnectionHolder() = default;
};

/// One thread.
struct ConnectionContext {
    boost::asio::io_context& io;
    telemetry::WorkerCounters& counters;
    const WorkerOptions& options;
    TcpLimits& limits;
    ConnectionHolder& holder;
    const SessionLimits session_limits{options.tcp_queries, options.tcp_inflight, options.tcp_idle_ns};
    Handshakes handshakes{counters};
    std::shared_ptr<io::OneByOne> handshake_turns = std::make_shared<io::OneByOne>(io);
    std::shared_ptr<io::ByteMeter> meter = std::make_shared<io::ByteMeter>();
    QueryHandler* handler = nullptr;
    std::vector<ClientConnection*> to_flush{};  ///< those that have something to send at the end of the turn
    std::vector<std::uint8_t> output{};         ///< empty between calls: what is on its way from one place to the next
    std::uint32_t last_serial = 0;

    std::uint64_t now_ns() const { return handler->now_ns(); }
    /// Client::serial of the next connection.
    std::uint32_t next_serial() {
        if (++last_serial == 0) ++last_serial;  // which means that there is no connection
        return last_serial;
    }
};

}  // namespace dproxy::proxy
