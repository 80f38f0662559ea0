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

Fd listen_tcp(const net::Endpoint& endpoint, PortSharing sharing, std::error_code& error, int backlog) {
    Fd fd = bind_tcp(endpoint, sharing, error);
    if (fd && ::listen(fd.get(), backlog) != 0) {
        error = {errno, std::system_category()};
        fd.close();
    }
    return fd;
}

TcpListener::TcpListener(boost::asio::io_context& context, Fd socket, Accept accept, NoDescriptor no_descriptor)
    : accept_(std::move(accept)),
      no_descriptor_(no_descriptor),
      reserve_(no_descriptor == NoDescriptor::turn_away ? ::open("/dev/null", O_RDONLY | O_CLOEXEC) : -1),
      readiness_(context, std::move(socket), [this] { accept_waiting(); }),
      pause_(context) {}

/// Left in the queue, they would wake this thread again at once, and not know that they are not served.
void TcpListener::turn_away() {
    for (int i = 0; i < max_accepts_per_turn; ++i) {
        reserve_.close();
        const bool taken = static_cast<bool>(Fd(::accept4(readiness_.fd(), nullptr, nullptr, SOCK_CLOEXEC)));
        reserve_ = Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        if (!taken) break;
    }
}

void TcpListener::pause() {
    pause_.expires_after(accept_pause);
    pause_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
        if (!error && !alive.expired()) readiness_.resume();
    });
    readiness_.pause();
}

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
        if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
            if (no_descriptor_ == NoDescriptor::turn_away) turn_away();
            return pause();
        }
        if (error != EINTR && error != ECONNABORTED) return;
    }
}

}  // namespace dproxy::io
