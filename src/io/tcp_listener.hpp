// SPDX-License-Identifier: MIT
// Accepts TCP connections: of DNS clients, where each worker shares the port by SO_REUSEPORT, and of the HTTP side.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>

#include "io/readiness.hpp"
#include "io/socket_address.hpp"
#include "io/udp_socket.hpp"

namespace dproxy::io {

inline constexpr int accept_backlog = 4096;       ///< the kernel gives at most net.core.somaxconn
/// When no descriptor is left: who waits to be accepted waits so long.
inline constexpr std::chrono::milliseconds accept_pause{50};
inline constexpr int max_accepts_per_turn = 64;   ///< then other sockets have their turn

/// A non-blocking socket that has the endpoint and takes no connection yet; empty, with `error`, where that fails.
Fd bind_tcp(const net::Endpoint& endpoint, PortSharing sharing, std::error_code& error);
/// The same, listening.
Fd listen_tcp(const net::Endpoint& endpoint, PortSharing sharing, std::error_code& error,
              int backlog = accept_backlog);

/// What becomes of those who wait when no descriptor is left.
enum class NoDescriptor : std::uint8_t {
    turn_away,  ///< as many as one turn takes are closed: they ask elsewhere
    wait,       ///< for whom a late answer is better than none
};

/// One thread. Connections are handed over as non-blocking descriptors.
class TcpListener {
public:
    using Accept = std::function<void(Fd connection, const SocketAddress& peer)>;
    /// For the time before the server runs: throws.
    TcpListener(boost::asio::io_context& context, Fd socket, Accept accept,
                NoDescriptor no_descriptor = NoDescriptor::turn_away);

private:
    void accept_waiting();
    void turn_away();
    void pause();

    Accept accept_;
    NoDescriptor no_descriptor_;
    Fd reserve_;  ///< given up to take and close connections when no descriptor is left
    Readiness readiness_;
    boost::asio::steady_timer pause_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< a timer's handler may be on its way at the end
};

}  // namespace dproxy::io
