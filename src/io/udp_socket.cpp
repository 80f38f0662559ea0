// SPDX-License-Identifier: MIT
#include "io/udp_socket.hpp"

#include <cerrno>

#include "io/socket_address.hpp"

namespace dproxy::io {

namespace {

std::error_code last_error() { return {errno, std::system_category()}; }

bool set_option(int fd, int level, int name, int value) {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

Fd open_udp(bool v4, std::error_code& error) {
    Fd fd(::socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) {
        error = last_error();
        return fd;
    }
    // Best effort: smaller buffers are no reason not to serve.
    set_option(fd.get(), SOL_SOCKET, SO_RCVBUF, socket_buffer_bytes);
    set_option(fd.get(), SOL_SOCKET, SO_SNDBUF, socket_buffer_bytes);
    set_option(fd.get(), SOL_SOCKET, SO_RXQ_OVFL, 1);
    // Path MTU discovery would turn a forged ICMP message into lost answers (RFC 9715 3.1).
    if (v4) {
        set_option(fd.get(), IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
    } else {
        set_option(fd.get(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
    }
    return fd;
}

}  // namespace

Fd bind_udp(const net::Endpoint& endpoint, PortSharing sharing, std::error_code& error) {
    error.clear();
    const bool v4 = endpoint.address.is_v4();
    Fd fd = open_udp(v4, error);
    if (!fd) return fd;
    bool ok = v4 || set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (sharing == PortSharing::shared) ok = ok && set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
    if (endpoint.address.is_unspecified()) {
        ok = ok && (v4 ? set_option(fd.get(), IPPROTO_IP, IP_PKTINFO, 1)
                       : set_option(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
    }
    const SocketAddress address(endpoint);
    if (!ok || ::bind(fd.get(), &address.any, address.length) != 0) {
        error = last_error();
        fd.close();
    }
    return fd;
}

Fd connect_udp(const net::Endpoint& endpoint, std::error_code& error) {
    error.clear();
    Fd fd = open_udp(endpoint.address.is_v4(), error);
    if (!fd) return fd;
    const SocketAddress address(endpoint);
    if (::connect(fd.get(), &address.any, address.length) != 0) {
        error = last_error();
        fd.close();
    }
    return fd;
}

std::uint16_t local_port(int fd) {
    SocketAddress address;
    socklen_t length = sizeof address.v6;
    if (::getsockname(fd, &address.any, &length) != 0) return 0;
    return address.port();
}

}  // namespace dproxy::io
