// SPDX-License-Identifier: MIT
// The system as the worker's calls meet it: descriptors, readiness, UDP sockets. TCP is tcp_socket.hpp. What arrives,
// what leaves and what fails is the world's to say; time is the timeline's.
#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "dns/message.hpp"
#include "io/socket_address.hpp"
#include "net/address.hpp"
#include "simulation/random.hpp"
#include "simulation/timeline.hpp"

namespace dproxy::simulation {

class Epoll;
class UdpSocket;
class TcpSocket;
class TcpListenSocket;
class TcpPeer;

/// What a descriptor is of.
class File {
public:
    virtual ~File() = default;
    /// EPOLLIN and so on, as it is now.
    virtual std::uint32_t ready() const { return 0; }
    /// The descriptor is gone.
    virtual void closed() {}

    /// Something has changed in ready(): who watches is to look. Edges, as epoll has them.
    void changed();

private:
    friend class Epoll;
    Epoll* watcher_ = nullptr;
    epoll_event interest_{};
    bool queued_ = false;
    std::weak_ptr<File> self_;
};

class Epoll final : public File {
public:
    void watch(const std::shared_ptr<File>& file, const epoll_event& interest);
    static void forget(File& file) { file.watcher_ = nullptr; }
    int take(epoll_event* events, int most);
    bool anything() const { return !queue_.empty(); }

private:
    friend class File;
    std::deque<std::weak_ptr<File>> queue_;
};

/// Only there to be poked (eventfd), or to take a number (/dev/null).
class PlainFile final : public File {
public:
    std::uint32_t ready() const override { return value > 0 ? EPOLLIN : 0u; }
    std::uint64_t value = 0;
};

struct Datagram {
    net::Endpoint from;
    net::Endpoint to;
    std::vector<std::uint8_t> bytes;
    std::uint64_t tag = 0;    ///< whoever sent it knows it by this
    bool mapped = false;      ///< an IPv6 packet that claims an IPv4 source
    bool cut = false;         ///< it was larger than the buffer
};

/// A sender as a socket of that family shows it: IPv4 is mapped on one of IPv6 (RFC 4291 2.5.5.2).
io::SocketAddress sender_on(const net::Endpoint& from, bool v4);

/// What the world is told, in the midst of the worker's calls.
class KernelEvents {
public:
    /// The worker has it.
    virtual void on_read(const UdpSocket& socket, const Datagram& datagram) = 0;
    /// The worker gives it away. The errno that the call meets, or 0: it is on its way.
    virtual int on_send(const UdpSocket& socket, const net::Endpoint& from, const net::Endpoint& to,
                        dns::Bytes bytes) = 0;
    /// A call for a descriptor, or to have one watched: its errno, or 0.
    virtual int on_open(const char* call) = 0;
    /// A connection is asked for; whoever is to be at its other end says how it goes on. Null: `error`, at once.
    virtual std::shared_ptr<TcpPeer> on_connect(const std::shared_ptr<TcpSocket>& socket, int& error) = 0;

protected:
    ~KernelEvents() = default;
};

class UdpSocket final : public File {
public:
    static constexpr std::size_t room = 400;  ///< datagrams that lie unread

    std::uint32_t ready() const override {
        return EPOLLOUT | (queue.empty() ? 0u : EPOLLIN) | (pending_error != 0 ? EPOLLERR : 0u);
    }
    bool is_listener() const { return peer.port == 0; }

    bool v4 = true;
    net::Endpoint local;
    net::Endpoint peer;  ///< port 0: none
    std::deque<Datagram> queue;
    std::uint32_t drops = 0;
    int pending_error = 0;  ///< of an ICMP message
    int send_error = 0;     ///< of a message that was not the first of its call: the next call meets it
};

/// One run's. The calls go to the one that is current.
class Kernel {
public:
    static constexpr int first_descriptor = 10'000;

    Kernel(Timeline& timeline, Random random, KernelEvents& events);
    ~Kernel();
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    static Kernel* current();

    Timeline& timeline() { return timeline_; }
    Random& random() { return random_; }
    KernelEvents& events() { return events_; }

    /// The lowest that is free; below 0: errno.
    int open(std::shared_ptr<File> file, const char* call);
    template <typename Kind>
    std::shared_ptr<Kind> find(int fd) const {
        return std::dynamic_pointer_cast<Kind>(file_at(fd));
    }
    std::shared_ptr<File> file_at(int fd) const;
    void close(int fd);
    /// What the descriptor is of is another thing from now on.
    void replace(int fd, std::shared_ptr<File> file) {
        files_[static_cast<std::size_t>(fd - first_descriptor)] = std::move(file);
    }
    /// The end of a run: connections hold nobody any more.
    void part();
    void remember(const std::shared_ptr<TcpSocket>& socket) { connections_.push_back(socket); }
    /// Descriptors of sockets now, those that listen apart.
    std::size_t sockets() const;
    std::size_t most_descriptors = 100'000;

    /// A port for a socket that has none yet.
    std::uint16_t free_port();
    void bind(const std::shared_ptr<UdpSocket>& socket, const net::Endpoint& local);
    void bind(const std::shared_ptr<TcpListenSocket>& socket);
    /// Brings a datagram to whoever has its address and port. False where nobody has.
    bool deliver(Datagram datagram);
    /// An ICMP message for the connected socket on this port.
    void hint(std::uint16_t port, int error);
    /// A client connects. Null where nobody listens, or too many wait.
    std::shared_ptr<TcpSocket> connect_from(const net::Endpoint& client, const net::Endpoint& to,
                                            std::shared_ptr<TcpPeer> peer);

    int receive(UdpSocket& socket, mmsghdr* messages, unsigned count);
    int send(UdpSocket& socket, mmsghdr* messages, unsigned count);

private:
    UdpSocket* socket_for(const Datagram& datagram);

    Timeline& timeline_;
    Random random_;
    KernelEvents& events_;
    std::vector<std::shared_ptr<File>> files_;  ///< by descriptor, less the first
    std::unordered_map<std::uint16_t, std::weak_ptr<UdpSocket>> connected_;  ///< by local port
    std::vector<std::weak_ptr<UdpSocket>> udp_listeners_;
    std::vector<std::weak_ptr<TcpListenSocket>> tcp_listeners_;
    std::vector<std::weak_ptr<TcpSocket>> connections_;  ///< all that there ever were
};

}  // namespace dproxy::simulation
