// SPDX-License-Identifier: MIT
// The calls that the linker leads here in place of the system's (--wrap, see CMakeLists.txt). Descriptors of the
// simulated kernel go to it, all others to the system.
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <ctime>

#include "io/socket_address.hpp"
#include "simulation/kernel.hpp"
#include "simulation/tcp_socket.hpp"

using dproxy::io::SocketAddress;
using namespace dproxy::simulation;

namespace {

/// As the system tells: -1 and errno where it is below 0.
template <typename T>
T told(T result) {
    if (result >= 0) return result;
    errno = static_cast<int>(-result);
    return -1;
}

bool is_simulated(int fd) { return Kernel::current() && fd >= Kernel::first_descriptor; }

template <typename Kind>
std::shared_ptr<Kind> simulated(int fd) {
    return is_simulated(fd) ? Kernel::current()->find<Kind>(fd) : nullptr;
}

dproxy::net::Endpoint endpoint_from(const sockaddr* address, socklen_t length) {
    SocketAddress copy;
    std::memcpy(static_cast<void*>(&copy.any), address, std::min<std::size_t>(length, sizeof copy.v6));
    return copy.endpoint();
}

void write_address(const SocketAddress& from, sockaddr* address, socklen_t* length) {
    if (!address) return;
    std::memcpy(address, &from.any, std::min(*length, from.length));
    *length = from.length;
}

void write_endpoint(const dproxy::net::Endpoint& endpoint, sockaddr* address, socklen_t* length) {
    write_address(SocketAddress(endpoint), address, length);
}

}  // namespace

// NOLINTBEGIN: the linker gives these names.
extern "C" {

int __real_close(int fd);
ssize_t __real_read(int fd, void* into, size_t most);
ssize_t __real_write(int fd, const void* bytes, size_t count);
int __real_open(const char* path, int flags, ...);

int __wrap_close(int fd) {
    if (!is_simulated(fd)) return fd >= Kernel::first_descriptor ? 0 : __real_close(fd);
    Kernel::current()->close(fd);
    return 0;
}

int __wrap_socket(int family, int type, int) {
    Kernel& kernel = *Kernel::current();
    const bool v4 = family == AF_INET;
    if ((type & SOCK_DGRAM) != 0) {
        auto socket = std::make_shared<UdpSocket>();
        socket->v4 = v4;
        return told(kernel.open(std::move(socket), "socket"));
    }
    auto socket = std::make_shared<TcpSocket>(kernel);
    socket->v4 = v4;
    return told(kernel.open(std::move(socket), "socket"));
}

int __wrap_setsockopt(int, int, int, const void*, socklen_t) { return 0; }

int __wrap_getsockopt(int fd, int level, int name, void* value, socklen_t* length) {
    if (const auto udp = simulated<UdpSocket>(fd); udp && name == SO_MEMINFO) {
        constexpr std::uint32_t charge = 768;  // for a small datagram
        std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
        memory[SK_MEMINFO_RMEM_ALLOC] = charge * static_cast<std::uint32_t>(udp->queue.size());
        memory[SK_MEMINFO_RCVBUF] = charge * static_cast<std::uint32_t>(UdpSocket::room);
        std::memcpy(value, memory.data(), std::min<std::size_t>(*length, sizeof memory));
        return 0;
    }
    const auto socket = simulated<TcpSocket>(fd);
    if (!socket || level != SOL_SOCKET || name != SO_ERROR) return told(-ENOPROTOOPT);
    const int error = socket->take_error();
    std::memcpy(value, &error, sizeof error);
    *length = sizeof error;
    return 0;
}

/// A socket that is bound before it listens is a listener of TCP.
int __wrap_bind(int fd, const sockaddr* address, socklen_t length) {
    Kernel& kernel = *Kernel::current();
    if (const auto udp = simulated<UdpSocket>(fd)) {
        kernel.bind(udp, endpoint_from(address, length));
        return 0;
    }
    if (const auto tcp = simulated<TcpSocket>(fd)) tcp->local = endpoint_from(address, length);
    return 0;
}

int __wrap_listen(int fd, int) {
    Kernel& kernel = *Kernel::current();
    const auto bound = simulated<TcpSocket>(fd);
    const auto listener = std::make_shared<TcpListenSocket>();
    listener->local = bound->local;
    kernel.replace(fd, listener);
    kernel.bind(listener);
    return 0;
}

int __wrap_connect(int fd, const sockaddr* address, socklen_t length) {
    Kernel& kernel = *Kernel::current();
    const auto to = endpoint_from(address, length);
    if (const auto tcp = simulated<TcpSocket>(fd)) return told(tcp->connect(to));
    const auto udp = simulated<UdpSocket>(fd);
    if (const int error = kernel.events().on_open("connect"); error != 0) return told(-error);
    udp->peer = to;
    kernel.bind(udp, {to.address, kernel.free_port()});
    return 0;
}

int __wrap_accept4(int fd, sockaddr* address, socklen_t* length, int) {
    const auto listener = simulated<TcpListenSocket>(fd);
    if (listener->queue.empty()) return told(-EAGAIN);
    const auto socket = listener->queue.front();
    const int opened = Kernel::current()->open(socket, "accept");
    if (opened < 0) return told(opened);
    listener->queue.pop_front();
    write_address(sender_on(socket->remote, socket->v4), address, length);
    return opened;
}

int __wrap_getsockname(int fd, sockaddr* address, socklen_t* length) {
    if (const auto udp = simulated<UdpSocket>(fd)) {
        write_endpoint(udp->local, address, length);
    } else if (const auto tcp = simulated<TcpSocket>(fd)) {
        write_endpoint(tcp->local, address, length);
    } else {
        return told(-EBADF);
    }
    return 0;
}

int __wrap_recvmmsg(int fd, mmsghdr* messages, unsigned count, int, timespec*) {
    return told(Kernel::current()->receive(*simulated<UdpSocket>(fd), messages, count));
}

int __wrap_sendmmsg(int fd, mmsghdr* messages, unsigned count, int) {
    return told(Kernel::current()->send(*simulated<UdpSocket>(fd), messages, count));
}

ssize_t __wrap_recv(int fd, void* into, size_t most, int) {
    return told(simulated<TcpSocket>(fd)->receive(static_cast<std::uint8_t*>(into), most));
}

ssize_t __wrap_send(int fd, const void* bytes, size_t count, int) {
    return told(simulated<TcpSocket>(fd)->send(static_cast<const std::uint8_t*>(bytes), count));
}

ssize_t __wrap_recvmsg(int fd, msghdr* message, int flags) {
    return __wrap_recv(fd, message->msg_iov[0].iov_base, message->msg_iov[0].iov_len, flags);
}

ssize_t __wrap_sendmsg(int fd, const msghdr* message, int flags) {
    return __wrap_send(fd, message->msg_iov[0].iov_base, message->msg_iov[0].iov_len, flags);
}

int __wrap_shutdown(int fd, int) {
    if (const auto socket = simulated<TcpSocket>(fd)) socket->shut_sending();
    return 0;
}

ssize_t __wrap_read(int fd, void* into, size_t most) {
    if (!is_simulated(fd)) return __real_read(fd, into, most);
    const auto file = simulated<PlainFile>(fd);
    if (!file) return __wrap_recv(fd, into, most, 0);
    if (file->value == 0) return told<ssize_t>(-EAGAIN);
    std::memcpy(into, &file->value, sizeof file->value);
    file->value = 0;
    return sizeof file->value;
}

ssize_t __wrap_write(int fd, const void* bytes, size_t count) {
    if (!is_simulated(fd)) return __real_write(fd, bytes, count);
    if (const auto file = simulated<PlainFile>(fd)) {
        ++file->value;
        file->changed();
    }
    return static_cast<ssize_t>(count);
}

int __wrap_ioctl(int fd, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    int* const value = va_arg(arguments, int*);
    va_end(arguments);
    if (request == SIOCOUTQ) *value = simulated<TcpSocket>(fd)->untaken();
    return 0;
}

int __wrap_poll(pollfd* polled, nfds_t count, int) {
    int ready = 0;
    for (nfds_t i = 0; i < count; ++i) {
        const auto file = Kernel::current()->file_at(polled[i].fd);
        const auto wanted = static_cast<std::uint32_t>(polled[i].events) | POLLERR | POLLHUP;
        polled[i].revents = static_cast<short>(file->ready() & wanted);
        ready += polled[i].revents != 0;
    }
    return ready;
}

int __wrap_open(const char* path, int flags, ...) {
    if (!Kernel::current() || std::strcmp(path, "/dev/null") != 0) return __real_open(path, flags);
    return told(Kernel::current()->open(std::make_shared<PlainFile>(), "open"));
}

int __wrap_eventfd(unsigned, int) { return told(Kernel::current()->open(std::make_shared<PlainFile>(), "eventfd")); }

int __wrap_epoll_create1(int) { return told(Kernel::current()->open(std::make_shared<Epoll>(), "epoll_create1")); }

int __wrap_timerfd_create(int, int) { return told(-ENOSYS); }

int __wrap_epoll_ctl(int fd, int operation, int of, epoll_event* interest) {
    const auto epoll = simulated<Epoll>(fd);
    const auto file = Kernel::current()->file_at(of);
    if (operation == EPOLL_CTL_DEL) {
        Epoll::forget(*file);
        return 0;
    }
    if (operation == EPOLL_CTL_ADD) {
        if (const int error = Kernel::current()->events().on_open("epoll_ctl"); error != 0) return told(-error);
    }
    epoll->watch(file, *interest);
    return 0;
}

int __wrap_epoll_wait(int fd, epoll_event* events, int most, int) { return simulated<Epoll>(fd)->take(events, most); }

/// Also before and between runs: what is drawn there is the same for all seeds.
ssize_t __wrap_getrandom(void* into, size_t count, unsigned) {
    static Random fixed(0);
    Random& random = Kernel::current() ? Kernel::current()->random() : fixed;
    auto* bytes = static_cast<std::uint8_t*>(into);
    for (size_t i = 0; i < count; i += 8) {
        const std::uint64_t drawn = random.next();
        std::memcpy(bytes + i, &drawn, std::min<size_t>(8, count - i));
    }
    return static_cast<ssize_t>(count);
}

time_t __wrap_time(time_t* into) {
    const auto now = static_cast<time_t>(1'700'000'000 + (Kernel::current() ? Kernel::current()->timeline().now() : 0) /
                                                             second);
    if (into) *into = now;
    return now;
}

/// std::chrono::steady_clock::now(), which gives its nanoseconds.
std::int64_t __wrap__ZNSt6chrono3_V212steady_clock3nowEv() {
    return Kernel::current() ? static_cast<std::int64_t>(Kernel::current()->timeline().now()) : 0;
}

}  // extern "C"
// NOLINTEND
