// SPDX-License-Identifier: MIT
#include "io/socket_address.hpp"

#include <cstring>

#include "io/interfaces.hpp"

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
        v6.sin6_scope_id = interface_index(endpoint.address);  // 0: the kernel says that it is of no use
        length = sizeof v6;
    }
}

namespace {

net::Address address_from(const void* bytes, bool v4) {
    net::Address address;
    const auto* from = static_cast<const std::uint8_t*>(bytes);
    if (v4) return net::Address::v4(from[0], from[1], from[2], from[3]);
    std::memcpy(address.bytes.data(), from, address.bytes.size());
    return address;
}

}  // namespace

net::Address SocketAddress::address() const {
    return is_v4() ? address_from(&v4.sin_addr, true) : address_from(&v6.sin6_addr, false);
}

net::Address LocalAddress::to_address(bool v4) const { return address_from(&address, v4); }

net::Endpoint bound_endpoint(int fd) {
    SocketAddress bound;
    bound.length = sizeof bound.v6;
    if (::getsockname(fd, &bound.any, &bound.length) != 0) return {};
    return bound.endpoint();
}

}  // namespace dproxy::io
