// SPDX-License-Identifier: MIT
// Accepts the connections of clients, and learns whose each is: the peer's own, or that of a client for whom a proxy
// has made it, which a PROXY header in front of it tells, before TLS as well ("The PROXY protocol", 2). What comes
// behind the header stays in the kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>

#include "clients/worker_options.hpp"
#include "io/byte_meter.hpp"
#include "io/fd.hpp"
#include "io/socket_address.hpp"
#include "io/tcp_listener.hpp"
#include "telemetry/counters.hpp"

namespace boost::asio {
class io_context;
}

namespace dproxy::proxy {

/// A connection that has come, and for whom.
struct Newcomer {
    io::Fd connection;
    bool v4 = false;           ///< the connection itself
    io::SocketAddress source;  ///< who asks by it
};

/// One thread. Those whose header has yet to come end with it.
class ClientListener {
public:
    using Accept = std::function<void(Newcomer newcomer)>;
    /// For the time before the server runs: throws. `options` and `counters` outlive it; the meter is told of the
    /// memory that it takes. `accept` is called outside of a turn.
    ClientListener(boost::asio::io_context& io, io::Fd socket, const WorkerOptions& options,
                   telemetry::WorkerCounters& counters, std::shared_ptr<io::ByteMeter> meter, Accept accept);
    ~ClientListener();

    /// Each second: who has waited too long for its header goes.
    void maintain(std::uint64_t now_ns);

private:
    struct Awaited;
    using Place = std::list<Awaited>::iterator;
    void arrived(io::Fd connection, const io::SocketAddress& peer);
    void await_header(io::Fd connection, const io::SocketAddress& peer);
    void go_on(Place place);
    void reject(telemetry::Rejection why) { counters_.rejected[why].add(); }

    boost::asio::io_context& io_;
    const WorkerOptions& options_;
    telemetry::WorkerCounters& counters_;
    std::shared_ptr<io::ByteMeter> meter_;
    Accept accept_;
    std::list<Awaited> awaited_;  ///< the oldest first
    io::TcpListener listener_;
};

}  // namespace dproxy::proxy
