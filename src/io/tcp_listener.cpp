// SPDX-License-Identifier: MIT
#include "io/tcp_listener.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>

#include <cerrno>

namespace dproxy::io {

Fd bind_tcp(const net::Endpoint& endpoint, PortSharing sharing, std::error_code& error) {
    error.clear();
    const bool v4 = endpoint.address.is_v4();
    Fd fd(::socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const auto set = [&](int level, int name) {
        const int on = 1;
        return ::setsockopt(fd.get(), level, name, &on, sizeof on) == 0;
    };
    bool ok = fd && (v4 || set(IPPROTO_IPV6, IPV6_V6ONLY)) && set(SOL_SOCKET, SO_REUSEADDR);
    if (sharing == PortSharing::shared) ok = ok && set(SOL_SOCKET, SO_REUSEPORT);
    const SocketAddress address(endpoint);
    if (!ok || ::bind(fd.get(), &address.any, address.length) != 0) {
        error = {errno, std::system_category()};
        fd.close();
    }
    return fd;
}

Fd listen_tcp(const net::Endpoint& endpoint, PortSharing sharing, std::error_code& error) {
    Fd fd = bind_tcp(endpoint, sharing, error);
    if (fd && ::listen(fd.get(), accept_backlog) != 0) {
        error = {errno, std::system_category()};
        fd.close();
    }
    return fd;
}

TcpListener::TcpListener(boost::asio::io_context& context, Fd socket, Accept accept)
    : accept_(std::move(accept)),
      reserve_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      readiness_(context, std::move(socket), [this] { accept_waiting(); }) {}

void TcpListener::accept_waiting() {
    for (int i = 0; i < max_accepts_per_turn; ++i) {
        SocketAddress peer;
        peer.length = sizeof peer.v6;
        Fd connection(::accept4(readiness_.fd(), &peer.any, &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (connection) {
            const int on = 1;
            ::setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            accept_(std::move(connection), peer);
            continue;
        }
        const int error = errno;
        if (error == EMFILE || error == ENFILE) {
            // Left in the queue, the connection would wake this thread for ever: take it and close it.
            reserve_.close();
            Fd(::accept4(readiness_.fd(), nullptr, nullptr, SOCK_CLOEXEC)).close();
            reserve_ = Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        }
        if (error != EINTR && error != ECONNABORTED) return;
    }
}

}  // namespace dproxy::io
