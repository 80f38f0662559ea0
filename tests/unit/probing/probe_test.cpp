// SPDX-License-Identifier: MIT
#include "probing/probe.hpp"

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <functional>
#include <vector>

#include "catch.hpp"
#include "io/message_stream.hpp"
#include "io/tcp_listener.hpp"

using namespace dproxy;
using routing::Protocol;
using telemetry::Failure;
using Message = std::vector<std::uint8_t>;

namespace {

const net::Address loopback = *net::Address::parse("127.0.0.1");
/// `. NS` in class IN without flags, behind its ID.
const Message asked{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1};
/// Version 2, LOCAL, no addresses.
const Message local_header{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51,
                           0x55, 0x49, 0x54, 0x0a, 0x20, 0x00, 0x00, 0x00};

/// A loop, an upstream's address and a probe of it.
struct Trial {
    boost::asio::io_context loop;
    telemetry::WorkerCounters counters{telemetry::first_route_slot, telemetry::first_upstream_slot};
    proxy::ProbeContext context{loop, counters, {}, {}, {}, {}};
    std::unique_ptr<proxy::Probe> probe;
    bool ended = false;
    std::optional<Failure> failure;

    void start(const net::Endpoint& endpoint, Protocol protocol, bool proxy_protocol = false,
               const proxy::ProbeQuestion& question = {}) {
        proxy::UpstreamSpec upstream;
        upstream.key.endpoint = endpoint;
        upstream.key.protocol = protocol;
        upstream.key.proxy_protocol = proxy_protocol;
        auto started = proxy::start_probe(context, upstream, [this](std::optional<proxy::ProbeFailure> why) {
            REQUIRE_FALSE(ended);
            ended = true;
            if (why) failure = why->failure;
            probe.reset();
        }, question);
        REQUIRE(started.probe);
        probe = std::move(started.probe);
    }
    void run_until(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!done() && std::chrono::steady_clock::now() < deadline) loop.run_one_for(std::chrono::milliseconds(100));
        REQUIRE(done());
    }
    void until_ended() {
        run_until([this] { return ended; });
    }
};

struct UdpServer {
    std::error_code error;
    io::Fd socket = io::bind_udp({loopback, 0}, io::PortSharing::exclusive, error);
    io::ReceiveBatch received;
    net::Endpoint endpoint{loopback, io::local_port(socket.get())};
    io::SocketAddress peer;

    Message receive() {
        int count = -EAGAIN;
        while (count == -EAGAIN) count = received.receive(socket.get());
        REQUIRE(count == 1);
        peer = received.peer(0);
        const auto bytes = received.bytes(0);
        return {bytes.begin(), bytes.end()};
    }
    void reply(const Message& message) {
        REQUIRE(::sendto(socket.get(), message.data(), message.size(), 0, &peer.any, peer.length) ==
                static_cast<ssize_t>(message.size()));
    }
};

/// Sends every message back as a reply, closes instead, or leaves the bytes to the test (`raw_only`).
struct TcpServer final : io::MessageStream::Events {
    explicit TcpServer(boost::asio::io_context& loop) {
        std::error_code error;
        io::Fd socket = io::listen_tcp({loopback, 0}, io::PortSharing::exclusive, error);
        REQUIRE_FALSE(error);
        endpoint = {loopback, io::local_port(socket.get())};
        listener = std::make_unique<io::TcpListener>(
            loop, std::move(socket), [this, &loop](io::Fd taken, const io::SocketAddress&) {
                if (raw_only) {
                    raw = std::move(taken);
                } else {
                    stream = std::make_unique<io::MessageStream>(loop, std::move(taken), true, *this);
                }
            });
    }
    void on_message(dns::MutableBytes message) override {
        query.assign(message.begin(), message.end());
        if (answers) {
            message[2] |= 0x80;
            stream->send(message);
        } else {
            stream.reset();
        }
    }
    void on_end(io::StreamEnd, std::error_code) override { stream.reset(); }

    net::Endpoint endpoint;
    bool raw_only = false;
    bool answers = true;
    Message query;
    io::Fd raw;
    std::unique_ptr<io::MessageStream> stream;
    std::unique_ptr<io::TcpListener> listener;
};

Message response(Message query) {
    query[2] |= 0x80;
    return query;
}

/// What is not an answer is sent first, the answer behind it.
void answered_after(const std::function<void(Message&)>& spoil) {
    Trial trial;
    UdpServer server;
    trial.start(server.endpoint, Protocol::as_client);
    const Message query = server.receive();
    Message wrong = response(query);
    spoil(wrong);
    server.reply(wrong);
    REQUIRE(trial.loop.run_one_for(std::chrono::seconds(20)) == 1);
    CHECK_FALSE(trial.ended);
    server.reply(response(query));
    trial.until_ended();
    CHECK_FALSE(trial.failure);
}

}  // namespace

TEST_CASE("a probe over UDP asks for the root's servers, and ends with the answer", "[probe]") {
    Trial trial;
    UdpServer server;
    trial.start(server.endpoint, Protocol::as_client);
    const Message query = server.receive();
    CHECK(Message(query.begin() + 2, query.end()) == asked);
    server.reply(response(query));
    trial.until_ended();
    CHECK_FALSE(trial.failure);
}

TEST_CASE("a probe asks what it is told to, and the answer is one to that", "[probe]") {
    const proxy::ProbeQuestion question{dns::Name::parse("x.test", true).name, dns::type::hinfo, true};
    const Message wanted{1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'x', 4, 't', 'e', 's', 't', 0, 0, 13, 0, 1};
    for (const Protocol protocol : {Protocol::as_client, Protocol::tcp}) {
        Trial trial;
        UdpServer udp;
        TcpServer tcp(trial.loop);
        trial.start(protocol == Protocol::as_client ? udp.endpoint : tcp.endpoint, protocol, false, question);
        if (protocol == Protocol::as_client) tcp.query = udp.receive();
        trial.run_until([&] { return !tcp.query.empty(); });
        CHECK(Message(tcp.query.begin() + 2, tcp.query.end()) == wanted);
        if (protocol == Protocol::as_client) {
            Message other = response(tcp.query);
            other[13] = 'y';
            udp.reply(other);
            udp.reply(response(tcp.query));
        }
        trial.until_ended();
        CHECK_FALSE(trial.failure);
    }
}

TEST_CASE("a bare header is an answer whatever its rcode", "[probe]") {
    for (const std::uint8_t rcode : Message{0, 1, 2, 3, 5}) {
        Trial trial;
        UdpServer server;
        trial.start(server.endpoint, Protocol::as_client);
        Message reply = response(server.receive());
        reply.resize(dns::header_length);
        reply[3] = rcode;
        reply[5] = 0;
        server.reply(reply);
        trial.until_ended();
        CHECK_FALSE(trial.failure);
    }
}

TEST_CASE("what does not belong to the probe is passed over", "[probe]") {
    answered_after([](Message& reply) { reply[0] ^= 1; });         // another ID
    answered_after([](Message& reply) { reply[2] &= 0x7f; });      // a query
    answered_after([](Message& reply) { reply.back() = 3; });      // another class
    answered_after([](Message& reply) { reply.resize(11); });
    answered_after([](Message& reply) { reply.resize(0); });
}

TEST_CASE("a network that says no fails the probe at once", "[probe]") {
    net::Endpoint nobody;
    {
        const UdpServer gone;
        nobody = gone.endpoint;
    }
    Trial trial;
    trial.start(nobody, Protocol::as_client);
    trial.until_ended();
    CHECK(trial.failure == Failure::refused);
}

TEST_CASE("a probe that cannot be sent fails by itself", "[probe]") {
    Trial trial;
    proxy::UpstreamSpec upstream;
    upstream.key.endpoint = {*net::Address::parse("255.255.255.255"), 53};  // broadcast is not permitted
    const auto started = proxy::start_probe(trial.context, upstream, [](auto) { FAIL("called"); });
    CHECK_FALSE(started.probe);
}

TEST_CASE("a probe over TCP asks on a connection of its own, and closes it", "[probe]") {
    Trial trial;
    TcpServer server(trial.loop);
    trial.start(server.endpoint, Protocol::tcp);
    CHECK(trial.counters.tcp_connections[telemetry::Side::upstream].value() == 1);
    trial.until_ended();
    CHECK_FALSE(trial.failure);
    CHECK(Message(server.query.begin() + 2, server.query.end()) == asked);
    CHECK(trial.counters.tcp_connections[telemetry::Side::upstream].value() == 0);
    trial.run_until([&] { return !server.stream; });
}

TEST_CASE("a TCP connection that is refused, or closed without an answer, fails the probe", "[probe]") {
    Trial refused;
    net::Endpoint nobody;
    {
        const TcpServer gone(refused.loop);
        nobody = gone.endpoint;
    }
    refused.start(nobody, Protocol::tcp);
    refused.until_ended();
    CHECK(refused.failure == Failure::refused);

    Trial closed;
    TcpServer server(closed.loop);
    server.answers = false;
    closed.start(server.endpoint, Protocol::tcp);
    closed.until_ended();
    CHECK(closed.failure == Failure::closed);
}

TEST_CASE("with proxy_protocol a LOCAL header stands in front", "[probe]") {
    Trial over_udp;
    UdpServer udp;
    over_udp.start(udp.endpoint, Protocol::as_client, true);
    const Message datagram = udp.receive();
    REQUIRE(datagram.size() == local_header.size() + 2 + asked.size());
    CHECK(Message(datagram.begin(), datagram.begin() + 16) == local_header);
    CHECK(Message(datagram.begin() + 18, datagram.end()) == asked);
    udp.reply(response(Message(datagram.begin() + 16, datagram.end())));
    over_udp.until_ended();
    CHECK_FALSE(over_udp.failure);

    Trial over_tcp;
    TcpServer tcp(over_tcp.loop);
    tcp.raw_only = true;
    over_tcp.start(tcp.endpoint, Protocol::tcp, true);
    Message stream;
    over_tcp.run_until([&] {
        std::uint8_t bytes[256];
        const ssize_t count = tcp.raw ? ::recv(tcp.raw.get(), bytes, sizeof bytes, MSG_DONTWAIT) : 0;
        if (count > 0) stream.insert(stream.end(), bytes, bytes + count);
        return stream.size() >= 16 + 2 + 2 + asked.size();
    });
    CHECK(Message(stream.begin(), stream.begin() + 16) == local_header);
    CHECK(Message(stream.begin() + 16, stream.begin() + 18) == Message{0, 17});
    CHECK(Message(stream.begin() + 20, stream.end()) == asked);
}

TEST_CASE("upstreams are asked by the way that their routes ask them, and that is counted so", "[probe]") {
    Trial trial;
    const UdpServer nobody_answers;
    trial.start(nobody_answers.endpoint, Protocol::as_client);
    trial.start(nobody_answers.endpoint, Protocol::tcp);
    const auto& requests = trial.counters.upstream(telemetry::other_slot).requests;
    for (const auto transport : {telemetry::UpstreamTransport::udp, telemetry::UpstreamTransport::tcp}) {
        CHECK(requests[static_cast<std::size_t>(transport)][telemetry::AttemptReason::probe].value() == 1);
    }
}
