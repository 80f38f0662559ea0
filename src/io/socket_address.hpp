// SPDX-License-Identifier: MIT
// A sockaddr of either family in its kernel form, kept small: it is stored for every query in flight.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "net/address.hpp"

namespace dproxy::io {

struct SocketAddress {
    union {
        sockaddr any;
        sockaddr_in v4;
        sockaddr_in6 v6;  ///< with the scope of a link-local client
    };
    socklen_t length = 0;

    SocketAddress() : v6{} {}
    /// IPv4 endpoints become AF_INET. Where the address has a zone, the interface is looked up.
    explicit SocketAddress(const net::Endpoint& endpoint);

    bool is_v4() const { return any.sa_family == AF_INET; }
    std::uint16_t port() const { return ntohs(is_v4() ? v4.sin_port : v6.sin6_port); }
    net::Address address() const;
    /// An IPv6 packet that claims an IPv4 source (::ffff:a.b.c.d): no client sends such, and it would pass for that
    /// IPv4 client in every list of networks (RFC 4942 2.2).
    bool is_mapped() const { return !is_v4() && IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr); }
    net::Endpoint endpoint() const { return {address(), port()}; }
};

/// The address of this host to which a datagram was sent, and from which its answer must leave, where
/// a socket is bound to a wildcard (IP_PKTINFO, IPV6_PKTINFO).
struct LocalAddress {
    in6_addr address{};  ///< for IPv4 the first four bytes
    std::uint32_t interface = 0;

    net::Address to_address(bool v4) const;
};

/// To what a socket is bound; 0.0.0.0:0 where that cannot be told.
net::Endpoint bound_endpoint(int fd);

}  // namespace dproxy::io
