// SPDX-License-Identifier: MIT
// UDP sockets as dproxy needs them: listeners that share a port, and connected ones towards upstreams.
#pragma once

#include <system_error>

#include "io/fd.hpp"
#include "net/address.hpp"

namespace dproxy::io {

/// What is asked for; the kernel gives at most net.core.rmem_max and wmem_max.
inline constexpr int socket_buffer_bytes = 4 * 1024 * 1024;

enum class PortSharing : std::uint8_t {
    exclusive,  ///< fails where anyone has the port: the test at start
    shared,     ///< SO_REUSEPORT: one socket for each worker
};

/// A non-blocking socket bound to the endpoint. IPv6 sockets take IPv6 only. On a wildcard address the
/// address that was asked is reported for each datagram. `error` says what failed, and the Fd is empty then.
Fd bind_udp(const net::Endpoint& endpoint, PortSharing sharing, std::error_code& error);

/// A non-blocking socket connected to the endpoint, from a port that the kernel draws at random.
Fd connect_udp(const net::Endpoint& endpoint, std::error_code& error);

/// The port a bound socket has: for listeners on port 0.
std::uint16_t local_port(int fd);

}  // namespace dproxy::io
