// SPDX-License-Identifier: MIT
#include "io/socket_address.hpp"

#include <cstring>

namespace dproxy::io {

SocketAddress::SocketAddress(const net::Endpoint& endpoint) : v6{} {
    const auto& bytes = endpoint.address.bytes;
    if (endpoint.address.is_v4()) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(endpoint.port);
        std::memcpy(&v4.sin_addr, bytes.data() + 12, 4);
        length = sizeof v4;
    } else {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(endpoint.port);
        std::memcpy(&v6.sin6_addr, bytes.data(), 16);
        length = sizeof v6;
    }
}

net::Address SocketAddress::address() const {
    net::Address address;
    if (is_v4()) {
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(&v4.sin_addr);
        return net::Address::v4(bytes[0], bytes[1], bytes[2], bytes[3]);
    }
    std::memcpy(address.bytes.data(), &v6.sin6_addr, 16);
    return address;
}

}  // namespace dproxy::io
