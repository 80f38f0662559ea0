// SPDX-License-Identifier: MIT
#include "io/tcp_listener.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::io;

namespace {

constexpr std::chrono::seconds patience{30};

/// While it lives no further descriptor is given to this process.
class NoDescriptorLeft {
public:
    NoDescriptorLeft() {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        rlimit none = before_;
        none.rlim_cur = 0;
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    }
    ~NoDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    NoDescriptorLeft(const NoDescriptorLeft&) = delete;
    NoDescriptorLeft& operator=(const NoDescriptorLeft&) = delete;

private:
    rlimit before_{};
};

struct Listening {
    explicit Listening(NoDescriptor no_descriptor) {
        std::error_code error;
        Fd socket = listen_tcp({net::Address::v4(127, 0, 0, 1), 0}, PortSharing::exclusive, error);
        REQUIRE_FALSE(error);
        at = SocketAddress(bound_endpoint(socket.get()));
        listener.emplace(
            loop, std::move(socket), [this](Fd connection, const SocketAddress&) { accepted = std::move(connection); },
            no_descriptor);
    }
    /// A client of its own, whose connection the kernel has made already.
    Fd connect() const {
        Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(::connect(client.get(), &at.any, at.length) == 0);
        return client;
    }
    boost::asio::io_context loop;
    SocketAddress at;
    Fd accepted;
    std::optional<TcpListener> listener;
};

bool is_closed(const Fd& client) {
    pollfd one{client.get(), POLLIN, 0};
    return ::poll(&one, 1, 0) == 1;
}

net::Endpoint loopback(std::uint16_t port = 0) { return {net::Address::v4(127, 0, 0, 1), port}; }

struct Server {
    boost::asio::io_context context;
    net::Endpoint endpoint;
    std::vector<std::pair<Fd, SocketAddress>> accepted;
    std::unique_ptr<TcpListener> listener;

    Server() {
        std::error_code error;
        Fd socket = listen_tcp(loopback(), PortSharing::exclusive, error);
        REQUIRE_FALSE(error);
        endpoint = bound_endpoint(socket.get());
        listener = std::make_unique<TcpListener>(context, std::move(socket), [this](Fd fd, const SocketAddress& peer) {
            accepted.emplace_back(std::move(fd), peer);
        });
    }
    bool run_until(const std::function<bool()>& done) {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (!done() && std::chrono::steady_clock::now() < end) context.run_one_until(end);
        return done();
    }
    /// Connected when this returns: the kernel takes connections before anybody accepts them.
    Fd connect() const {
        Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const SocketAddress to(endpoint);
        REQUIRE(client);
        REQUIRE(::connect(client.get(), &to.any, to.length) == 0);
        return client;
    }
};

}  // namespace

TEST_CASE("connections are handed over as they come, without blocking and without delay", "[tcp_listener]") {
    Server server;
    const Fd first = server.connect();
    const Fd second = server.connect();
    REQUIRE(server.run_until([&] { return server.accepted.size() == 2; }));
    CHECK(server.accepted[0].second.endpoint() == bound_endpoint(first.get()));
    CHECK(server.accepted[1].second.endpoint() == bound_endpoint(second.get()));
    for (const auto& [fd, peer] : server.accepted) {
        CHECK((::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);
        CHECK((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
        int delays_nothing = 0;
        socklen_t length = sizeof delays_nothing;
        ::getsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &delays_nothing, &length);
        CHECK(delays_nothing != 0);
    }
}

TEST_CASE("more connections than a turn takes are all taken", "[tcp_listener]") {
    Server server;
    std::vector<Fd> clients;
    for (int i = 0; i < 2 * max_accepts_per_turn + 1; ++i) clients.push_back(server.connect());
    CHECK(server.run_until([&] { return server.accepted.size() == clients.size(); }));
}

TEST_CASE("a client that is gone before it is accepted costs nothing", "[tcp_listener]") {
    Server server;
    {
        const Fd gone = server.connect();
        const linger at_once{1, 0};
        ::setsockopt(gone.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    const Fd stays = server.connect();
    CHECK(server.run_until([&] {
        return !server.accepted.empty() &&
               server.accepted.back().second.endpoint() == bound_endpoint(stays.get());
    }));
}

TEST_CASE("a client that no descriptor is left for waits until there is one", "[tcp_listener]") {
    Listening listening(NoDescriptor::wait);
    const Fd client = listening.connect();
    {
        const NoDescriptorLeft none;
        listening.loop.run_one_for(patience);
        CHECK_FALSE(listening.accepted);
        CHECK_FALSE(is_closed(client));
    }
    while (!listening.accepted && listening.loop.run_one_for(patience) > 0) {
    }
    CHECK(listening.accepted);
    CHECK_FALSE(is_closed(client));
}

TEST_CASE("where clients ask elsewhere, one that no descriptor is left for is closed", "[tcp_listener]") {
    Listening listening(NoDescriptor::turn_away);
    const Fd client = listening.connect();
    // Above those that are open there is none; the one kept in reserve comes free.
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit full = before;
    full.rlim_cur = static_cast<rlim_t>(client.get()) + 1;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &full) == 0);
    std::vector<Fd> others;
    for (Fd one(::dup(0)); one; one = Fd(::dup(0))) others.push_back(std::move(one));
    while (!is_closed(client) && listening.loop.run_one_for(patience) > 0) {
    }
    CHECK(is_closed(client));
    CHECK_FALSE(listening.accepted);
    others.clear();
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    const Fd next = listening.connect();
    while (!listening.accepted && listening.loop.run_one_for(patience) > 0) {
    }
    CHECK(listening.accepted);
}

TEST_CASE("a port is shared by those who all say so", "[tcp_listener]") {
    std::error_code error;
    const Fd first = listen_tcp(loopback(), PortSharing::shared, error);
    REQUIRE_FALSE(error);
    const net::Endpoint taken = bound_endpoint(first.get());
    CHECK(listen_tcp(taken, PortSharing::shared, error));
    CHECK_FALSE(error);
    CHECK_FALSE(listen_tcp(taken, PortSharing::exclusive, error));
    CHECK(error == std::errc::address_in_use);
    CHECK_FALSE(bind_tcp(taken, PortSharing::exclusive, error));
    CHECK(error == std::errc::address_in_use);
}

TEST_CASE("a port that is only bound takes no connection", "[tcp_listener]") {
    std::error_code error;
    const Fd bound = bind_tcp(loopback(), PortSharing::exclusive, error);
    REQUIRE_FALSE(error);
    const SocketAddress to(bound_endpoint(bound.get()));
    const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    CHECK(::connect(client.get(), &to.any, to.length) == -1);
    CHECK(errno == ECONNREFUSED);
}

TEST_CASE("an address that this host does not have is an error", "[tcp_listener]") {
    std::error_code error;
    CHECK_FALSE(listen_tcp({net::Address::v4(192, 0, 2, 1), 0}, PortSharing::exclusive, error));
    CHECK(error == std::errc::address_not_available);
}
