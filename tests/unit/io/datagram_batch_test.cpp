// SPDX-License-Identifier: MIT
#include "io/datagram_batch.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "catch.hpp"
#include "io/udp_socket.hpp"

using namespace dproxy;
using namespace dproxy::io;
using Message = std::vector<std::uint8_t>;

namespace {

net::Endpoint loopback(const char* address = "127.0.0.1", std::uint16_t port = 0) {
    return {*net::Address::parse(address), port};
}

/// A container often has the family, but no address of it.
bool has_ipv6_loopback() {
    std::error_code error;
    return static_cast<bool>(bind_udp(loopback("::1"), PortSharing::exclusive, error));
}

struct Pair {
    Fd server;
    Fd client;
    net::Endpoint endpoint;

    explicit Pair(const char* bind = "127.0.0.1", const char* connect = "127.0.0.1") {
        std::error_code error;
        server = bind_udp(loopback(bind), PortSharing::exclusive, error);
        REQUIRE_FALSE(error);
        endpoint = loopback(connect, local_port(server.get()));
        client = connect_udp(endpoint, error);
        REQUIRE_FALSE(error);
    }
};

int receive(ReceiveBatch& batch, int fd) {
    pollfd ready{fd, POLLIN, 0};
    REQUIRE(::poll(&ready, 1, 10'000) == 1);
    return batch.receive(fd);
}

Message message(std::size_t size, std::uint8_t seed) {
    Message bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + seed);
    return bytes;
}

}  // namespace

TEST_CASE("a batch carries datagrams of every size there and back", "[datagram_batch]") {
    Pair pair;
    SendBatch out;
    const std::vector<Message> sent{message(12, 1), message(512, 2), message(4'000, 3), message(60'000, 4)};
    for (const Message& one : sent) out.push(one);
    CHECK(out.flush(pair.client.get()).sent == sent.size());
    CHECK(out.empty());

    ReceiveBatch in;
    REQUIRE(receive(in, pair.server.get()) == static_cast<int>(sent.size()));
    SendBatch back;
    for (std::size_t i = 0; i < sent.size(); ++i) {
        CHECK_FALSE(in.was_cut(i));
        const auto bytes = in.bytes(i);
        CHECK(std::equal(bytes.begin(), bytes.end(), sent[i].begin(), sent[i].end()));
        back.push(bytes, in.peer(i), in.local(i));
    }
    CHECK(back.flush(pair.server.get()).sent == sent.size());
    ReceiveBatch returned;
    REQUIRE(receive(returned, pair.client.get()) == static_cast<int>(sent.size()));
    CHECK(std::equal(returned.bytes(3).begin(), returned.bytes(3).end(), sent[3].begin(), sent[3].end()));
    CHECK(in.receive(pair.server.get()) == -EAGAIN);
}

TEST_CASE("a wildcard socket answers from the address that was asked", "[datagram_batch]") {
    const auto check = [](const char* bind, const char* asked) {
        Pair pair(bind, asked);
        SendBatch out;
        const Message query = message(20, 1);
        out.push(query);
        out.flush(pair.client.get());
        ReceiveBatch in;
        REQUIRE(receive(in, pair.server.get()) == 1);
        CHECK(in.local(0).interface != 0);
        SendBatch back;
        back.push(in.bytes(0), in.peer(0), in.local(0));
        CHECK(back.flush(pair.server.get()).sent == 1);
        // The client's socket is connected: an answer from another address would not reach it.
        ReceiveBatch answer;
        CHECK(receive(answer, pair.client.get()) == 1);
    };
    check("0.0.0.0", "127.0.0.5");
    if (has_ipv6_loopback()) check("::", "::1");
}

TEST_CASE("a datagram that cannot be sent costs no other", "[datagram_batch]") {
    Pair pair;
    SendBatch out;
    const Message good = message(40, 1);
    const Message too_large(65'535);  // more than a UDP datagram over IPv4 can hold
    out.push(good);
    out.push(too_large);
    out.push(good);
    const auto outcome = out.flush(pair.client.get());
    CHECK(outcome.sent == 2);
    CHECK(outcome.failed == 1);
    CHECK(outcome.failed_mask == 0b010);
    CHECK(outcome.last_error == EMSGSIZE);
    ReceiveBatch in;
    CHECK(receive(in, pair.server.get()) == 2);
}

TEST_CASE("an error left by an earlier ICMP message is met by one repetition", "[datagram_batch]") {
    Pair pair;
    pair.server.close();  // nobody listens any more
    SendBatch out;
    const Message query = message(40, 1);
    out.push(query);
    CHECK(out.flush(pair.client.get()).sent == 1);
    // On loopback the ICMP message is there already; the next send meets its error first.
    std::error_code error;
    pair.server = bind_udp(pair.endpoint, PortSharing::exclusive, error);
    REQUIRE_FALSE(error);
    out.push(query);
    CHECK(out.flush(pair.client.get()).sent == 1);
    ReceiveBatch in;
    CHECK(receive(in, pair.server.get()) == 1);
}
