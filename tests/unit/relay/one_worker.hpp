// SPDX-License-Identifier: MIT
// One worker between a client and a nameserver, all in one program, for tests of what the way of a UDP query costs.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "catch.hpp"
#include "dns/message.hpp"
#include "io/socket_address.hpp"
#include "io/tcp_listener.hpp"
#include "io/udp_socket.hpp"
#include "packets.hpp"
#include "publication/publisher.hpp"
#include "relay/worker.hpp"
#include "telemetry/counters.hpp"
#include "unit/routing/table_of_patterns.hpp"

namespace dproxy::proxy {

inline constexpr std::size_t window = 32;  ///< queries in flight at a time
inline constexpr int patience_ms = 20'000;

inline io::Fd loopback(net::Endpoint& endpoint) {
    std::error_code error;
    endpoint = *net::Endpoint::parse("127.0.0.1", 0);
    io::Fd socket = io::bind_udp(endpoint, io::PortSharing::exclusive, error);
    REQUIRE(socket);
    endpoint.port = io::local_port(socket.get());
    return socket;
}

inline io::Fd listening(net::Endpoint& endpoint) {
    std::error_code error;
    endpoint = *net::Endpoint::parse("127.0.0.1", 0);
    io::Fd socket = io::listen_tcp(endpoint, io::PortSharing::exclusive, error);
    REQUIRE(socket);
    endpoint.port = io::local_port(socket.get());
    return socket;
}

/// One datagram, waited for.
inline std::size_t receive(const io::Fd& socket, std::array<std::uint8_t, 512>& buffer, io::SocketAddress& from) {
    pollfd wanted{socket.get(), POLLIN, 0};
    REQUIRE(::poll(&wanted, 1, patience_ms) == 1);
    from.length = sizeof from.v6;
    const ssize_t length = ::recvfrom(socket.get(), buffer.data(), buffer.size(), 0, &from.any, &from.length);
    REQUIRE(length >= static_cast<ssize_t>(dns::header_length));
    return static_cast<std::size_t>(length);
}

inline void send(const io::Fd& socket, const void* bytes, std::size_t length, const io::SocketAddress& to) {
    REQUIRE(::sendto(socket.get(), bytes, length, 0, &to.any, to.length) == static_cast<ssize_t>(length));
}

inline std::vector<test::Octets> queries_below(const std::string& domain) {
    std::vector<test::Octets> queries;
    for (std::size_t i = 0; i < window; ++i) {
        auto query = test::Packet::query("n" + std::to_string(i) + "." + domain, test::qtype::a);
        if (i % 2 == 0) query.edns(1232);
        queries.push_back(query.id(static_cast<std::uint16_t>(i + 1)).bytes());
    }
    return queries;
}

struct NoLoops final : LoopReports {
    void loop_probe_returned(std::uint64_t, const net::Address&) override {}
    void loop_suspected(routing::LoopPlace) override {}
    void replies_guessed(const net::Endpoint&) override {}
    void encryption_failed(std::uint64_t, std::string) override {}
};

/// A client and a nameserver around one worker, which knows of a loop below loop.example.test.
struct OneWorker {
    net::Endpoint client_at, server_at, proxy_at, streams_at;
    io::Fd client = loopback(client_at);
    io::Fd server = loopback(server_at);
    WorkerOptions options;
    TcpLimits tcp_limits{10, 10};
    Publisher publisher{nullptr, 10, 10};
    telemetry::WorkerCounters counters{publisher.route_slots(), publisher.upstream_slots()};
    NoLoops loop_reports;
    telemetry::Log log{{}};
    telemetry::HandlerFailures failures{log};
    Worker worker{0, options, counters, tcp_limits, loop_reports, failures};
    std::array<std::uint8_t, 512> buffer{};
    const std::vector<test::Octets> routed = queries_below("example.test");
    const std::vector<test::Octets> refused = queries_below("elsewhere.test");
    const std::vector<test::Octets> looping = queries_below("loop.example.test");

    explicit OneWorker(const WorkerOptions& wanted = {}, const routing::Keeping& keeping = {}) : options(wanted) {
        worker.listen(Transport::udp, loopback(proxy_at));
        worker.listen(Transport::tcp, listening(streams_at));
        auto settings = std::make_shared<routing::RouteSettings>();
        settings->targets.push_back({"", server_at});
        settings->attempts = 1;  // however slow the machine, nothing is sent twice
        settings->timeout = std::chrono::minutes(5);
        settings->keeping = keeping;
        auto file = routing::file_of("a.prox", {"example.test", "*.example.test"}, settings);
        const auto table = routing::RouteTable::build({file}).table;
        publisher.take_table(table, {});
        routing::LoopMark mark;
        mark.place.settings = settings;
        mark.place.route_key = table->key(1);
        mark.place.domain = routing::name_of("loop.example.test");
        mark.place.pattern_length = routing::name_of("example.test").wire().size();
        worker.publish_loops(std::make_shared<const routing::LoopMarks>(std::vector{mark}));
        worker.start(publisher.make({AddressBook{}}, {}).publication);
    }

    void exchange_all(int rounds) {
        for (int round = 0; round < rounds; ++round) {
            exchange(routed, true);
            exchange(refused, false);
            exchange(looping, false);
        }
    }

    /// `window` queries, each answered by the nameserver, or by the proxy itself where the name has no route.
    void exchange(const std::vector<test::Octets>& queries, bool relayed) {
        const io::SocketAddress proxy(proxy_at);
        io::SocketAddress from;
        for (const test::Octets& query : queries) send(client, query.data(), query.size(), proxy);
        for (std::size_t i = 0; relayed && i < queries.size(); ++i) {
            const std::size_t length = receive(server, buffer, from);
            buffer[2] |= 0x80;  // QR
            send(server, buffer.data(), length, from);
        }
        for (std::size_t i = 0; i < queries.size(); ++i) receive(client, buffer, from);
    }
};

}  // namespace dproxy::proxy
