// SPDX-License-Identifier: MIT
#include "io/socket_address.hpp"

#include <net/if.h>

#include <cstring>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "io/udp_socket.hpp"

using namespace dproxy;
using namespace dproxy::io;

namespace {

net::Address address(std::string_view text) {
    const auto parsed = net::Address::parse_zoned(text);
    REQUIRE(parsed);
    return *parsed;
}

SocketAddress socket_address(std::string_view text, std::uint16_t port) {
    return SocketAddress(net::Endpoint{address(text), port});
}

}  // namespace

TEST_CASE("an IPv4 endpoint is of AF_INET, in network order", "[socket_address]") {
    const SocketAddress made = socket_address("192.0.2.1", 0x1235);
    CHECK(made.is_v4());
    CHECK(made.length == sizeof(sockaddr_in));
    CHECK(made.v4.sin_port == htons(0x1235));
    CHECK(made.v4.sin_addr.s_addr == htonl(0xc0000201));
    CHECK(made.port() == 0x1235);
    CHECK(made.endpoint() == net::Endpoint{address("192.0.2.1"), 0x1235});
    CHECK_FALSE(made.is_mapped());
}

TEST_CASE("an IPv6 endpoint keeps all of its bytes", "[socket_address]") {
    const SocketAddress made = socket_address("2001:db8::ff", 65535);
    CHECK_FALSE(made.is_v4());
    CHECK(made.length == sizeof(sockaddr_in6));
    CHECK(made.v6.sin6_addr.s6_addr[0] == 0x20);
    CHECK(made.v6.sin6_addr.s6_addr[15] == 0xff);
    CHECK(made.v6.sin6_scope_id == 0);
    CHECK(made.v6.sin6_flowinfo == 0);
    CHECK(made.endpoint() == net::Endpoint{address("2001:db8::ff"), 65535});
    CHECK_FALSE(made.is_mapped());
}

TEST_CASE("a zone is an interface, by its name or its number", "[socket_address]") {
    const unsigned loopback = ::if_nametoindex("lo");
    REQUIRE(loopback != 0);
    CHECK(socket_address("fe80::1%lo", 53).v6.sin6_scope_id == loopback);
    CHECK(socket_address("fe80::1%" + std::to_string(loopback), 53).v6.sin6_scope_id == loopback);
    CHECK(socket_address("fe80::1%4294967295", 53).v6.sin6_scope_id == 4294967295);
    CHECK(socket_address("fe80::1%nosuchif", 53).v6.sin6_scope_id == 0);
    CHECK(socket_address("fe80::1%1x", 53).v6.sin6_scope_id == 0);
    CHECK(socket_address("fe80::1%99999999999", 53).v6.sin6_scope_id == 0);
}

TEST_CASE("an IPv6 packet that claims an IPv4 source is told", "[socket_address]") {
    SocketAddress claimed;
    claimed.v6.sin6_family = AF_INET6;
    claimed.v6.sin6_addr.s6_addr[10] = claimed.v6.sin6_addr.s6_addr[11] = 0xff;
    claimed.v6.sin6_addr.s6_addr[12] = 10;
    CHECK(claimed.is_mapped());
    CHECK(claimed.address().is_v4());  // and so it would pass for that client
}

TEST_CASE("an address that was asked is read by its family", "[socket_address]") {
    LocalAddress local;
    const std::uint8_t v4[] = {192, 0, 2, 7};
    std::memcpy(&local.address, v4, sizeof v4);
    CHECK(local.to_address(true) == address("192.0.2.7"));
    const net::Address v6 = address("2001:db8::7");
    std::memcpy(&local.address, v6.bytes.data(), v6.bytes.size());
    CHECK(local.to_address(false) == v6);
}

TEST_CASE("what a socket is bound to is asked of the kernel", "[socket_address]") {
    std::error_code error;
    const Fd bound = bind_udp({address("127.0.0.1"), 0}, PortSharing::exclusive, error);
    REQUIRE(bound);
    CHECK(bound_endpoint(bound.get()) == net::Endpoint{address("127.0.0.1"), local_port(bound.get())});
    CHECK(bound_endpoint(-1) == net::Endpoint{});
}
