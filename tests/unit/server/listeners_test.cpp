// SPDX-License-Identifier: MIT
#include "server/listeners.hpp"

#include <sys/socket.h>

#include <set>
#include <system_error>

#include "catch.hpp"
#include "io/socket_address.hpp"
#include "io/tcp_listener.hpp"
#include "io/udp_socket.hpp"

using namespace dproxy;
using namespace dproxy::server;

namespace {

net::Endpoint endpoint(const char* address, std::uint16_t port = 0) { return {*net::Address::parse(address), port}; }

int type_of(const io::Fd& fd) {
    int type = 0;
    socklen_t length = sizeof type;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_TYPE, &type, &length);
    return type;
}

}  // namespace

TEST_CASE("each worker has a socket of each kind for each address, all on one port", "[listeners]") {
    const Listeners listeners = bind_listeners({{endpoint("127.0.0.1"), endpoint("127.0.0.2")}}, 3);
    CHECK(listeners.error == "");
    CHECK(listeners.warnings.empty());
    REQUIRE(listeners.endpoints.plain.size() == 2);
    REQUIRE(listeners.of_worker.size() == 3);
    for (const WorkerSockets& worker : listeners.of_worker) {
        REQUIRE(worker.udp.size() == 2);
        REQUIRE(worker.tcp.plain.size() == 2);
        for (std::size_t i = 0; i < 2; ++i) {
            CHECK(type_of(worker.udp[i]) == SOCK_DGRAM);
            CHECK(type_of(worker.tcp.plain[i]) == SOCK_STREAM);
            CHECK(io::bound_endpoint(worker.udp[i].get()) == listeners.endpoints.plain[i]);
            CHECK(io::bound_endpoint(worker.tcp.plain[i].get()) == listeners.endpoints.plain[i]);
        }
    }
    CHECK(listeners.endpoints.plain[0].port != 0);
}

TEST_CASE("what carries messages otherwise has sockets of its own", "[listeners]") {
    const auto here = endpoint("127.0.0.1");
    const ListenAddresses wanted{.plain = {here}, .tls = {here}, .https = {here, here}, .http = {here}};
    const Listeners listeners = bind_listeners(wanted, 2);
    CHECK(listeners.error == "");
    CHECK(listeners.endpoints.https.size() == 2);
    for (const WorkerSockets& worker : listeners.of_worker) {
        CHECK(worker.udp.size() == 1);
        REQUIRE(worker.tcp.https.size() == 2);
        CHECK(io::bound_endpoint(worker.tcp.tls.at(0).get()) == listeners.endpoints.tls[0]);
        CHECK(io::bound_endpoint(worker.tcp.https[1].get()) == listeners.endpoints.https[1]);
        CHECK(io::bound_endpoint(worker.tcp.http.at(0).get()) == listeners.endpoints.http[0]);
    }
    const auto taken = bind_listeners({.plain = {here}, .http = {listeners.endpoints.http[0]}}, 1);
    CHECK(taken.error.find(" (HTTP): Address already in use") != std::string::npos);
}

TEST_CASE("an address that another one has is an error that says by which transport", "[listeners]") {
    std::error_code error;
    SECTION("UDP, also where the other one would share it") {
        const io::Fd taken = io::bind_udp(endpoint("127.0.0.1"), io::PortSharing::shared, error);
        const net::Endpoint here = io::bound_endpoint(taken.get());
        const Listeners listeners = bind_listeners({{endpoint("127.0.0.2"), here}}, 2);
        CHECK(listeners.error == "cannot listen on " + here.to_string() +
                                     " (UDP): Address already in use; another program, perhaps another dproxy, has it");
        CHECK(listeners.endpoints.plain.empty());
        CHECK(listeners.of_worker.empty());
    }
    SECTION("TCP") {
        const io::Fd taken = io::listen_tcp(endpoint("127.0.0.1"), io::PortSharing::shared, error);
        const net::Endpoint here = io::bound_endpoint(taken.get());
        CHECK(bind_listeners({{here}}, 1).error.starts_with("cannot listen on " + here.to_string() + " (TCP): "));
    }
}

TEST_CASE("an address that no interface has is an error that says so", "[listeners]") {
    const Listeners listeners = bind_listeners({{endpoint("192.0.2.1", 5353)}}, 1);
    CHECK(listeners.error.starts_with("cannot listen on 192.0.2.1:5353 (UDP): "));
    CHECK(listeners.error.ends_with("; no interface of this host has the address"));
}

TEST_CASE("without an address there is nothing to serve", "[listeners]") {
    CHECK(bind_listeners({}, 1).error == "no address to listen on is left");
}

TEST_CASE("what was bound before an error is free again", "[listeners]") {
    net::Endpoint first;
    {
        const Listeners good = bind_listeners({{endpoint("127.0.0.1")}}, 1);
        first = good.endpoints.plain[0];
    }
    CHECK_FALSE(bind_listeners({{first, endpoint("192.0.2.1")}}, 2).error.empty());
    CHECK(bind_listeners({{first}}, 2).error == "");
}

TEST_CASE("both wildcards share a port, as far as the kernel has both families", "[listeners]") {
    const Listeners listeners = bind_listeners({{endpoint("127.0.0.1")}}, 1);
    const std::uint16_t port = listeners.endpoints.plain.at(0).port;
    const Listeners both = bind_listeners({{endpoint("::", port), endpoint("127.0.0.3", port)}}, 1);
    CHECK(both.error == "");
    CHECK(both.endpoints.plain.size() + both.warnings.size() == 2);
    CHECK(both.endpoints.plain.back() == endpoint("127.0.0.3", port));
}
