// SPDX-License-Identifier: MIT
#include "io/source_filter.hpp"

#include <sys/socket.h>

#include "catch.hpp"
#include "io/socket_address.hpp"
#include "io/udp_socket.hpp"

using namespace dproxy;
using namespace dproxy::io;

namespace {

Fd bound(const char* address, net::Endpoint& endpoint) {
    std::error_code error;
    endpoint = *net::Endpoint::parse(address, 0);
    Fd socket = bind_udp(endpoint, PortSharing::exclusive, error);
    REQUIRE(socket);
    endpoint.port = local_port(socket.get());
    return socket;
}

/// How many of `count` datagrams from that address arrive at the server.
int arrive(const Fd& server, const net::Endpoint& server_at, const char* source, int count) {
    net::Endpoint unused;
    const Fd client = bound(source, unused);
    const SocketAddress to(server_at);
    int arrived = 0;
    for (int i = 0; i < count; ++i) {
        REQUIRE(::sendto(client.get(), "x", 1, 0, &to.any, to.length) == 1);
        char byte;
        while (::recv(server.get(), &byte, 1, MSG_DONTWAIT) == 1) ++arrived;  // loopback delivers at once
    }
    return arrived;
}

net::ClientNetwork network(const char* text) { return net::ClientNetwork::claimed(*net::Address::parse(text)); }

}  // namespace

TEST_CASE("a part of what a network sends is dropped, and nothing of others", "[source_filter]") {
    net::Endpoint at;
    const Fd server = bound("127.0.0.1", at);
    CHECK_FALSE(admit_sources(server.get(), true, {{network("127.0.5.77"), 0}, {network("127.0.6.1"), 0.5}}));
    CHECK(arrive(server, at, "127.0.5.1", 100) == 0);
    CHECK(arrive(server, at, "127.0.5.200", 100) == 0);
    CHECK(arrive(server, at, "127.0.4.1", 100) == 100);
    const int half = arrive(server, at, "127.0.6.9", 1000);
    CHECK(half > 350);
    CHECK(half < 650);
    CHECK_FALSE(admit_sources(server.get(), true, {{network("127.0.6.1"), 1}}));
    CHECK(arrive(server, at, "127.0.6.9", 100) == 100);
    CHECK(arrive(server, at, "127.0.5.1", 100) == 100);
    CHECK_FALSE(admit_sources(server.get(), true, {}));
    CHECK_FALSE(admit_sources(server.get(), true, {}));  // and once more
    CHECK(arrive(server, at, "127.0.6.9", 100) == 100);
}

TEST_CASE("networks of the other family are left out", "[source_filter]") {
    net::Endpoint at;
    const Fd server = bound("127.0.0.1", at);
    CHECK_FALSE(admit_sources(server.get(), true, {{network("::1"), 0}}));
    CHECK(arrive(server, at, "127.0.0.1", 10) == 10);
}

TEST_CASE("IPv6 networks are told by 56 bits", "[source_filter]") {
    std::error_code error;
    net::Endpoint at = *net::Endpoint::parse("[::1]", 0);
    const Fd server = bind_udp(at, PortSharing::exclusive, error);
    if (!server) return;  // a container without IPv6
    at.port = local_port(server.get());
    CHECK_FALSE(admit_sources(server.get(), false, {{network("2001:db8::1"), 0}}));
    CHECK(arrive(server, at, "[::1]", 10) == 10);
    CHECK_FALSE(admit_sources(server.get(), false, {{network("2001:db8::1"), 0}, {network("::2"), 0}}));
    CHECK(arrive(server, at, "[::1]", 10) == 0);
}

TEST_CASE("how full a buffer is", "[source_filter]") {
    net::Endpoint at;
    const Fd server = bound("127.0.0.1", at);
    CHECK(receive_buffer_fill(server.get()).part == 0);
    net::Endpoint unused;
    const Fd client = bound("127.0.0.1", unused);
    const SocketAddress to(at);
    for (int i = 0; i < 20'000; ++i) ::sendto(client.get(), "x", 1, 0, &to.any, to.length);
    const BufferFill full = receive_buffer_fill(server.get());
    CHECK(full.part > 0.9);
    std::uint64_t there = 0;
    for (char byte = 0; ::recv(server.get(), &byte, 1, MSG_DONTWAIT) == 1;) ++there;
    CHECK(full.datagrams >= there);
    CHECK(full.datagrams < 3 * there);
    CHECK(receive_buffer_fill(-1).part == 0);
}
