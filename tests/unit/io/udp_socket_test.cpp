// SPDX-License-Identifier: MIT
#include "io/udp_socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "catch.hpp"
#include "io/socket_address.hpp"

using namespace dproxy;
using namespace dproxy::io;

namespace {

net::Endpoint endpoint(const char* address, std::uint16_t port = 0) { return {*net::Address::parse(address), port}; }

int option(const Fd& fd, int level, int name) {
    int value = -1;
    socklen_t length = sizeof value;
    REQUIRE(::getsockopt(fd.get(), level, name, &value, &length) == 0);
    return value;
}

/// A container often has the family, but no address of it.
bool has_ipv6_loopback() {
    std::error_code error;
    return static_cast<bool>(bind_udp(endpoint("::1"), PortSharing::exclusive, error));
}

}  // namespace

TEST_CASE("an address in use is an error unless both share it", "[udp_socket]") {
    std::error_code error;
    const Fd first = bind_udp(endpoint("127.0.0.1"), PortSharing::shared, error);
    REQUIRE_FALSE(error);
    const auto taken = endpoint("127.0.0.1", local_port(first.get()));
    CHECK(bind_udp(taken, PortSharing::shared, error));
    CHECK_FALSE(error);
    CHECK_FALSE(bind_udp(taken, PortSharing::exclusive, error));
    CHECK(error == std::errc::address_in_use);
    const Fd alone = bind_udp(endpoint("127.0.0.1"), PortSharing::exclusive, error);
    REQUIRE_FALSE(error);
    CHECK_FALSE(bind_udp(endpoint("127.0.0.1", local_port(alone.get())), PortSharing::shared, error));
    CHECK(error == std::errc::address_in_use);
}

TEST_CASE("sockets wait for nothing, and are not handed to other programs", "[udp_socket]") {
    std::error_code error;
    const Fd bound = bind_udp(endpoint("127.0.0.1"), PortSharing::exclusive, error);
    const Fd connected = connect_udp(endpoint("127.0.0.1", local_port(bound.get())), error);
    REQUIRE_FALSE(error);
    for (const Fd* fd : {&bound, &connected}) {
        CHECK((::fcntl(fd->get(), F_GETFL) & O_NONBLOCK) != 0);
        CHECK((::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK(option(*fd, SOL_SOCKET, SO_RXQ_OVFL) == 1);
        CHECK(option(*fd, IPPROTO_IP, IP_MTU_DISCOVER) == IP_PMTUDISC_OMIT);
    }
}

TEST_CASE("a connected socket hears the one it is connected to, and nobody else", "[udp_socket]") {
    std::error_code error;
    const Fd server = bind_udp(endpoint("127.0.0.1"), PortSharing::exclusive, error);
    const Fd stranger = bind_udp(endpoint("127.0.0.1"), PortSharing::exclusive, error);
    const Fd client = connect_udp(endpoint("127.0.0.1", local_port(server.get())), error);
    REQUIRE_FALSE(error);
    const SocketAddress to(bound_endpoint(client.get()));
    // On loopback a datagram is there when the call that sends it returns.
    REQUIRE(::sendto(stranger.get(), "no", 2, 0, &to.any, to.length) == 2);
    REQUIRE(::sendto(server.get(), "yes", 3, 0, &to.any, to.length) == 3);
    char bytes[8];
    CHECK(::recv(client.get(), bytes, sizeof bytes, 0) == 3);
    CHECK(::recv(client.get(), bytes, sizeof bytes, 0) == -1);
}

TEST_CASE("an IPv6 socket takes IPv6 only, so that both wildcards go on one port", "[udp_socket]") {
    if (!has_ipv6_loopback()) return;
    std::error_code error;
    const Fd v6 = bind_udp(endpoint("::"), PortSharing::exclusive, error);
    REQUIRE_FALSE(error);
    CHECK(option(v6, IPPROTO_IPV6, IPV6_V6ONLY) == 1);
    CHECK(option(v6, IPPROTO_IPV6, IPV6_RECVPKTINFO) == 1);
    const Fd v4 = bind_udp(endpoint("0.0.0.0", local_port(v6.get())), PortSharing::exclusive, error);
    CHECK_FALSE(error);
    CHECK(option(v4, IPPROTO_IP, IP_PKTINFO) == 1);
}

TEST_CASE("the address asked is told on a wildcard only", "[udp_socket]") {
    std::error_code error;
    const Fd one = bind_udp(endpoint("127.0.0.1"), PortSharing::exclusive, error);
    REQUIRE_FALSE(error);
    CHECK(option(one, IPPROTO_IP, IP_PKTINFO) == 0);
}

TEST_CASE("what cannot be bound or connected is an error and no socket", "[udp_socket]") {
    std::error_code error;
    CHECK_FALSE(bind_udp(endpoint("192.0.2.1"), PortSharing::exclusive, error));
    CHECK(error == std::errc::address_not_available);
    CHECK_FALSE(connect_udp(endpoint("255.255.255.255", 53), error));  // broadcasts need permission
    CHECK(error == std::errc::permission_denied);
    CHECK(bind_udp(endpoint("127.0.0.1"), PortSharing::exclusive, error));
    CHECK_FALSE(error);  // of this call, not of the one before
    CHECK(local_port(-1) == 0);
}
