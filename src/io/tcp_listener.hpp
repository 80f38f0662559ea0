// SPDX-License-Identifier: MIT
// Accepts TCP connections for one worker; the port is shared between workers by SO_REUSEPORT.
#pragma once

#include <functional>
#include <system_error>

#include "io/readiness.hpp"
#include "io/socket_address.hpp"
#include "io/udp_socket.hpp"

namespace dproxy::io {

inline constexpr int accept_backlog = 4096;       ///< the kernel gives at most net.core.somaxconn
inline constexpr int max_accepts_per_turn = 64;   ///< then other sockets have their turn

/// A non-blocking socket that has the endpoint and takes no connection yet; empty, with `error`, where that fails.
Fd bind_tcp(const net::Endpoint& endpoint, PortSharing sharing, std::error_code& error);
/// The same, listening.
Fd listen_tcp(const net::Endpoint& endpoint, PortSharing sharing, std::error_code& error);

/// One thread. Connections are handed over as non-blocking descriptors.
class TcpListener {
public:
    using Accept = std::function<void(Fd connection, const SocketAddress& peer)>;
    TcpListener(boost::asio::io_context& context, Fd socket, Accept accept);

private:
    void accept_waiting();

    Accept accept_;
    Fd reserve_;  ///< given up to take and close a connection when no descriptor is left
    Readiness readiness_;
};

}  // namespace dproxy::io
