// SPDX-License-Identifier: MIT
#include "simulation/kernel.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "simulation/tcp_socket.hpp"

namespace dproxy::simulation {

namespace {

Kernel* current_kernel = nullptr;  // system calls are told nothing but their arguments

/// Puts a control message behind those that are there.
template <typename T>
void add_control(msghdr& header, std::size_t& used, int level, int type, const T& value) {
    auto* part = reinterpret_cast<cmsghdr*>(static_cast<std::uint8_t*>(header.msg_control) + used);
    part->cmsg_level = level;
    part->cmsg_type = type;
    part->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(part), &value, sizeof value);
    used += CMSG_SPACE(sizeof value);
}

void write_local(msghdr& header, std::size_t& used, const UdpSocket& socket, const net::Address& asked) {
    const auto* bytes = asked.bytes.data();
    if (socket.v4) {
        in_pktinfo info{};
        info.ipi_ifindex = 1;
        std::memcpy(&info.ipi_spec_dst, bytes + 12, 4);
        add_control(header, used, IPPROTO_IP, IP_PKTINFO, info);
    } else {
        in6_pktinfo info{};
        info.ipi6_ifindex = 1;
        std::memcpy(&info.ipi6_addr, bytes, 16);
        add_control(header, used, IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
}

/// From where the worker wants it to leave.
net::Endpoint source_of(const msghdr& header, const UdpSocket& socket) {
    net::Endpoint from = socket.local;
    if (!header.msg_control || header.msg_controllen == 0) return from;
    const auto* part = static_cast<const cmsghdr*>(header.msg_control);
    if (part->cmsg_type == IP_PKTINFO && part->cmsg_level == IPPROTO_IP) {
        in_pktinfo info;
        std::memcpy(&info, CMSG_DATA(part), sizeof info);
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(&info.ipi_spec_dst);
        from.address = net::Address::v4(bytes[0], bytes[1], bytes[2], bytes[3]);
    } else {
        in6_pktinfo info;
        std::memcpy(&info, CMSG_DATA(part), sizeof info);
        std::memcpy(from.address.bytes.data(), &info.ipi6_addr, 16);
    }
    return from;
}

}  // namespace

io::SocketAddress sender_on(const net::Endpoint& from, bool v4) {
    if (v4 || !from.address.is_v4()) return io::SocketAddress(from);
    io::SocketAddress mapped;
    mapped.v6.sin6_family = AF_INET6;
    mapped.v6.sin6_port = htons(from.port);
    std::memcpy(&mapped.v6.sin6_addr, from.address.bytes.data(), 16);
    mapped.length = sizeof mapped.v6;
    return mapped;
}

void File::changed() {
    if (!watcher_ || queued_ || (ready() & (interest_.events | EPOLLERR | EPOLLHUP)) == 0) return;
    queued_ = true;
    watcher_->queue_.push_back(self_);
}

void Epoll::watch(const std::shared_ptr<File>& file, const epoll_event& interest) {
    file->self_ = file;
    file->watcher_ = this;
    file->interest_ = interest;
    file->changed();
}

int Epoll::take(epoll_event* events, int most) {
    int count = 0;
    while (count < most && !queue_.empty()) {
        const auto file = queue_.front().lock();
        queue_.pop_front();
        if (!file) continue;
        file->queued_ = false;
        if (file->watcher_ != this) continue;
        const std::uint32_t ready = file->ready() & (file->interest_.events | EPOLLERR | EPOLLHUP);
        if (ready == 0) continue;
        events[count] = file->interest_;
        events[count++].events = ready;
    }
    return count;
}

Kernel::Kernel(Timeline& timeline, Random random, KernelEvents& events)
    : timeline_(timeline), random_(random), events_(events) {
    current_kernel = this;
}

Kernel::~Kernel() { current_kernel = nullptr; }

Kernel* Kernel::current() { return current_kernel; }

int Kernel::open(std::shared_ptr<File> file, const char* call) {
    if (const int error = events_.on_open(call); error != 0) return -error;
    const auto free = std::find(files_.begin(), files_.end(), nullptr);
    const auto place = static_cast<std::size_t>(free - files_.begin());
    if (place >= most_descriptors) return -EMFILE;
    if (free == files_.end()) files_.emplace_back();
    files_[place] = std::move(file);
    return first_descriptor + static_cast<int>(place);
}

std::shared_ptr<File> Kernel::file_at(int fd) const {
    const auto place = static_cast<std::size_t>(fd - first_descriptor);
    return fd >= first_descriptor && place < files_.size() ? files_[place] : nullptr;
}

void Kernel::close(int fd) {
    const auto file = file_at(fd);
    if (!file) return;
    files_[static_cast<std::size_t>(fd - first_descriptor)] = nullptr;
    Epoll::forget(*file);
    if (auto* udp = dynamic_cast<UdpSocket*>(file.get()); udp && !udp->is_listener()) connected_.erase(udp->local.port);
    file->closed();
}

void Kernel::part() {
    for (const auto& one : connections_) {
        if (const auto socket = one.lock()) socket->part();
    }
}

std::size_t Kernel::sockets() const {
    std::size_t count = 0;
    for (const auto& file : files_) {
        const auto* udp = dynamic_cast<UdpSocket*>(file.get());
        count += (udp && !udp->is_listener()) || dynamic_cast<TcpSocket*>(file.get());
    }
    return count;
}

std::uint16_t Kernel::free_port() {
    for (;;) {
        const auto port = static_cast<std::uint16_t>(random_.between(1024, 65535));
        if (!connected_.contains(port)) return port;
    }
}

void Kernel::bind(const std::shared_ptr<UdpSocket>& socket, const net::Endpoint& local) {
    socket->local = local;
    if (socket->is_listener()) {
        udp_listeners_.push_back(socket);
    } else {
        connected_[local.port] = socket;
    }
}

void Kernel::bind(const std::shared_ptr<TcpListenSocket>& socket) { tcp_listeners_.push_back(socket); }

UdpSocket* Kernel::socket_for(const Datagram& datagram) {
    if (const auto found = connected_.find(datagram.to.port); found != connected_.end()) {
        const auto socket = found->second.lock();
        return socket && socket->peer == datagram.from ? socket.get() : nullptr;
    }
    for (const auto& one : udp_listeners_) {
        const auto socket = one.lock();
        const bool v4 = datagram.to.address.is_v4() && !datagram.mapped;
        if (!socket || socket->local.port != datagram.to.port || socket->v4 != v4) continue;
        if (socket->local.address.is_unspecified() || socket->local.address == datagram.to.address) return socket.get();
    }
    return nullptr;
}

bool Kernel::deliver(Datagram datagram) {
    UdpSocket* const socket = socket_for(datagram);
    if (!socket) return false;
    if (socket->queue.size() >= UdpSocket::room) {
        ++socket->drops;
        return true;
    }
    socket->queue.push_back(std::move(datagram));
    socket->changed();
    return true;
}

void Kernel::hint(std::uint16_t port, int error) {
    const auto found = connected_.find(port);
    if (found == connected_.end()) return;
    if (const auto socket = found->second.lock()) {
        socket->pending_error = error;
        socket->changed();
    }
}

std::shared_ptr<TcpSocket> Kernel::connect_from(const net::Endpoint& client, const net::Endpoint& to,
                                                std::shared_ptr<TcpPeer> peer) {
    for (const auto& one : tcp_listeners_) {
        const auto listener = one.lock();
        if (!listener || listener->local.port != to.port) continue;
        const net::Address& bound = listener->local.address;
        if (bound.is_unspecified() ? bound.is_v4() != to.address.is_v4() : bound != to.address) continue;
        if (listener->queue.size() >= TcpListenSocket::backlog) return nullptr;
        auto socket = std::make_shared<TcpSocket>(*this);
        socket->v4 = to.address.is_v4();
        socket->become_connected(to, client, std::move(peer));
        listener->queue.push_back(socket);
        listener->changed();
        return socket;
    }
    return nullptr;
}

int Kernel::receive(UdpSocket& socket, mmsghdr* messages, unsigned count) {
    if (socket.pending_error != 0) return -std::exchange(socket.pending_error, 0);
    if (socket.queue.empty()) return -EAGAIN;
    unsigned done = 0;
    for (; done < count && !socket.queue.empty(); ++done) {
        const Datagram datagram = std::move(socket.queue.front());
        socket.queue.pop_front();
        events_.on_read(socket, datagram);
        msghdr& header = messages[done].msg_hdr;
        const std::size_t length = std::min(datagram.bytes.size(), header.msg_iov[0].iov_len);
        std::copy_n(datagram.bytes.begin(), length, static_cast<std::uint8_t*>(header.msg_iov[0].iov_base));
        messages[done].msg_len = static_cast<unsigned>(length);
        header.msg_flags = datagram.cut ? MSG_TRUNC : 0;
        const io::SocketAddress from = sender_on(datagram.from, socket.v4);
        if (header.msg_name) std::memcpy(header.msg_name, &from.any, from.length);
        header.msg_namelen = from.length;
        std::size_t used = 0;
        if (socket.is_listener() && socket.local.address.is_unspecified()) {
            write_local(header, used, socket, datagram.to.address);
        }
        if (socket.drops != 0) add_control(header, used, SOL_SOCKET, SO_RXQ_OVFL, socket.drops);
        header.msg_controllen = used;
    }
    return static_cast<int>(done);
}

int Kernel::send(UdpSocket& socket, mmsghdr* messages, unsigned count) {
    if (socket.send_error != 0) return -std::exchange(socket.send_error, 0);
    if (socket.pending_error != 0) return -std::exchange(socket.pending_error, 0);
    for (unsigned i = 0; i < count; ++i) {
        const msghdr& header = messages[i].msg_hdr;
        net::Endpoint to = socket.peer;
        if (header.msg_name) {
            io::SocketAddress address;
            std::memcpy(static_cast<void*>(&address.any), header.msg_name, header.msg_namelen);
            to = address.endpoint();
        }
        const auto* bytes = static_cast<const std::uint8_t*>(header.msg_iov[0].iov_base);
        const int error = events_.on_send(socket, source_of(header, socket), to, {bytes, header.msg_iov[0].iov_len});
        if (error != 0 && i == 0) return -error;
        if (error != 0) {
            socket.send_error = error;
            return static_cast<int>(i);
        }
        messages[i].msg_len = static_cast<unsigned>(header.msg_iov[0].iov_len);
    }
    return static_cast<int>(count);
}

}  // namespace dproxy::simulation
