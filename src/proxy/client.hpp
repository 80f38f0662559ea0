// SPDX-License-Identifier: MIT
// Who asked, and so where the answer goes.
#pragma once

#include <cstdint>

#include "io/socket_address.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::proxy {

struct Client {
    telemetry::Transport transport = telemetry::Transport::udp;
    std::uint16_t listener = 0;    ///< UDP: which socket the query came by
    std::uint32_t connection = 0;  ///< TCP: the place in TcpClients, and
    std::uint32_t serial = 0;      ///< which connection had it
    io::SocketAddress peer;
    io::LocalAddress local;  ///< UDP on a wildcard address: what was asked

    bool is_udp() const { return transport == telemetry::Transport::udp; }
};

}  // namespace dproxy::proxy
