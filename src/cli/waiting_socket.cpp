// SPDX-License-Identifier: MIT
// Held by tests/unit/cli/dns_exchange_test.cpp.
#include "cli/waiting_socket.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "io/socket_address.hpp"

namespace dproxy::cli {

std::string reason_of(int error) { return std::generic_category().message(error); }

io::Fd open_socket(const net::Endpoint& server, int type) {
    return io::Fd(::socket(server.address.is_v4() ? AF_INET : AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

bool wait_for(int fd, short events, SocketClock::time_point deadline) {
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SocketClock::now()).count();
        pollfd ready{fd, events, 0};
        const int count = ::poll(&ready, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
        if (count > 0) return true;
        if (count == 0 || errno != EINTR) return false;
    }
}

std::string connect_tcp(int fd, const net::Endpoint& server, SocketClock::time_point deadline) {
    const io::SocketAddress address(server);
    if (::connect(fd, &address.any, address.length) == 0) return {};
    if (errno != EINPROGRESS) return reason_of(errno);
    if (!wait_for(fd, POLLOUT, deadline)) return "no connection in time";
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    return error == 0 ? std::string() : reason_of(error);
}

}  // namespace dproxy::cli
