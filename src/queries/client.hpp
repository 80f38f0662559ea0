// SPDX-License-Identifier: MIT
// Who asked, and so where the answer goes.
// Held by tests/integration/test_fair_limits.py, tests/integration/test_cookies.py.
#pragma once

#include <cstdint>

#include "io/socket_address.hpp"
#include "net/client_network.hpp"
#include "queries/arrival.hpp"

namespace dproxy::proxy {

/// Kept small: it is stored for every query in flight.
struct Client {
    Transport transport = Transport::udp;
    std::uint16_t listener = 0;    ///< in datagrams: which socket the query came by
    std::uint32_t connection = 0;  ///< on a connection: its place, and
    std::uint32_t serial = 0;      ///< which one had that place, of all of this worker; 0: there is no connection
    std::uint32_t request = 0;     ///< over HTTP: which one of the connection's
    io::SocketAddress source;  ///< who asks: what limits, routes and upstreams go by
    io::SocketAddress via;     ///< in datagrams: the proxy that sent it for the source; empty: the source itself
    io::LocalAddress local;    ///< in datagrams to a wildcard address: what was asked
    bool has_cookie = false;  ///< it sent a server cookie that was made for its address

    /// Where a datagram came from, and its answer goes to.
    const io::SocketAddress& peer() const { return via.length == 0 ? source : via; }
    const Arrival& arrival() const { return arrival_by(transport); }
    /// Whether it is certain that it is where it says: by a handshake, or by a cookie (RFC 7873).
    bool is_source_proved() const { return has_cookie || arrival().source_proved; }
};

/// Whom limits count this client with: a source address that is not proved may be forged.
inline net::ClientNetwork network_of(const Client& client) {
    const net::Address address = client.source.address();
    return client.is_source_proved() ? net::ClientNetwork::proven(address) : net::ClientNetwork::claimed(address);
}

}  // namespace dproxy::proxy
