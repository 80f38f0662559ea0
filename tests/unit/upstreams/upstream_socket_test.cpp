// SPDX-License-Identifier: MIT
#include "upstreams/upstream_socket.hpp"

#include <set>

#include "catch.hpp"
#include "queries/limits.hpp"
#include "unit/relay/one_worker.hpp"
#include "unit/upstreams/one_upstream.hpp"

using namespace dproxy;
using namespace dproxy::proxy;

namespace {

/// The server is a socket of the test's own.
struct Server {
    net::Endpoint server_at;
    io::Fd server = loopback(server_at);
};

struct Trial : Server, OneUpstream {
    const routing::RouteSettings settings{};

    Trial() : OneUpstream(server_at) {}

    UpstreamSocket socket() {
        std::error_code error;
        io::Fd socket = io::connect_udp(server_at, error);
        return UpstreamSocket(upstream, std::move(socket), 100 * second_ns, error);
    }
    /// A further attempt of the query, on that socket.
    Attempt& attempt(QueryIndex index, UpstreamSocket& by) {
        InFlight& entry = queries[index];
        if (entry.attempts.has_ended()) entry.attempts = routing::Attempts({.settings = &settings});
        const routing::AttemptNumber count = entry.attempts.count();
        if (count == 0) {
            entry.attempts.begin();
        } else {
            entry.attempts.doubted(static_cast<routing::AttemptNumber>(count - 1));
        }
        Attempt& made = entry.sent[entry.attempts.chosen().attempt];
        REQUIRE(by.queue(index, made));
        return made;
    }
    std::multiset<std::uint16_t> ids_that_arrived(std::size_t count) {
        std::array<std::uint8_t, 512> buffer{};
        io::SocketAddress from;
        std::multiset<std::uint16_t> ids;
        for (std::size_t i = 0; i < count; ++i) {
            receive(server, buffer, from);
            ids.insert(dns::id_of(buffer));
        }
        return ids;
    }
    /// To where the first datagram comes from.
    void answer(Ticket id) {
        if (asked_from.length == 0) {
            std::array<std::uint8_t, 512> buffer{};
            receive(server, buffer, asked_from);
        }
        const auto reply = test::Packet::reply("a.test", test::qtype::a).id(id).bytes();
        send(server, reply.data(), reply.size(), asked_from);
    }

    io::SocketAddress asked_from;
};

}  // namespace

TEST_CASE("each attempt of a query leaves under its own ID, on two sockets in one turn", "[upstream_socket]") {
    Trial trial;
    UpstreamSocket first = trial.socket();
    UpstreamSocket second = trial.socket();
    const QueryIndex query = trial.query();
    const std::uint16_t one = trial.attempt(query, first).ticket;
    const std::uint16_t two = trial.attempt(query, second).ticket;
    first.flush();
    second.flush();
    CHECK(trial.ids_that_arrived(2) == std::multiset<std::uint16_t>{one, two});
}

TEST_CASE("each attempt of a query leaves under its own ID, twice on one socket", "[upstream_socket]") {
    Trial trial;
    UpstreamSocket socket = trial.socket();
    const QueryIndex query = trial.query();
    const std::uint16_t one = trial.attempt(query, socket).ticket;
    const std::uint16_t two = trial.attempt(query, socket).ticket;
    socket.flush();
    CHECK(trial.ids_that_arrived(2) == std::multiset<std::uint16_t>{one, two});
}

TEST_CASE("an attempt that ends before it has left does not leave", "[upstream_socket]") {
    Trial trial;
    UpstreamSocket socket = trial.socket();
    const QueryIndex ended = trial.query();
    const QueryIndex stays = trial.query();
    const std::uint16_t gone = trial.attempt(ended, socket).ticket;
    const std::uint16_t sent = trial.attempt(stays, socket).ticket;
    socket.release(gone);
    trial.queries.release(ended);
    socket.flush();
    CHECK(trial.ids_that_arrived(1) == std::multiset<std::uint16_t>{sent});
    CHECK(socket.inflight() == 1);
}

TEST_CASE("more than a batch waits, and leaves when it is flushed", "[upstream_socket]") {
    Trial trial;
    UpstreamSocket socket = trial.socket();
    std::multiset<std::uint16_t> ids;
    for (std::size_t i = 0; i < 3 * io::batch_size; ++i) ids.insert(trial.attempt(trial.query(), socket).ticket);
    std::uint8_t byte = 0;
    CHECK(::recv(trial.server.get(), &byte, 1, MSG_DONTWAIT) == -1);
    CHECK(trial.context.sockets_to_flush == std::vector{&socket});
    socket.flush();
    CHECK(trial.ids_that_arrived(ids.size()) == ids);
    CHECK(trial.context.reports.empty());
}

TEST_CASE("attempts of one query among more than a batch leave under their own IDs", "[upstream_socket]") {
    Trial trial;
    UpstreamSocket socket = trial.socket();
    const QueryIndex query = trial.query();
    std::multiset<std::uint16_t> ids;
    for (std::size_t i = 0; i < io::batch_size; ++i) {
        if (i % 30 == 10) ids.insert(trial.attempt(query, socket).ticket);
        ids.insert(trial.attempt(trial.query(), socket).ticket);
    }
    socket.flush();
    CHECK(trial.ids_that_arrived(ids.size()) == ids);
}

TEST_CASE("what could not be sent is reported, without a call back", "[upstream_socket]") {
    Trial trial;
    UpstreamSocket socket = trial.socket();
    trial.server.close();  // the first datagrams bring ICMP errors, which the later ones meet
    for (std::size_t i = 0; i < 3 * io::batch_size; ++i) trial.attempt(trial.query(), socket);
    socket.flush();
    CHECK(socket.inflight() == 3 * io::batch_size);
    CHECK(socket.waiting().size() == socket.inflight());
    for (const LinkReport& one : trial.context.reports) {
        CHECK(one.kind == LinkReport::Kind::failed);
        CHECK(one.link == &socket);
        CHECK(one.failure == telemetry::Failure::refused);
    }
}

TEST_CASE("a socket that nobody uses goes within its minute and is followed by no other", "[upstream_socket]") {
    Trial trial;
    const auto lowest_free = [] { return io::Fd(::dup(STDIN_FILENO)).get(); };
    const int free = lowest_free();
    std::vector<std::unique_ptr<Upstream>> upstreams;  // some sockets come of age before that minute is over
    for (int i = 0; i < 12; ++i) {
        upstreams.push_back(std::make_unique<Upstream>(trial.context, trial.upstream.spec()));
        const QueryIndex query = trial.query();
        Attempt attempt;
        REQUIRE(upstreams.back()->send(query, attempt, false, nullptr).sent == Sent::yes);
        attempt.link->release(attempt.ticket);
    }
    CHECK(lowest_free() > free);
    const std::uint64_t begun_ns = trial.context.now_ns;
    while (trial.context.now_ns < begun_ns + socket_idle_ns + late_reply_ns + 2 * second_ns) {
        trial.context.now_ns += second_ns;
        for (const auto& upstream : upstreams) upstream->maintain();
    }
    CHECK(lowest_free() == free);
}

TEST_CASE("a socket that goes leaves nothing behind that names it", "[upstream_socket]") {
    Trial trial;
    {
        UpstreamSocket socket = trial.socket();
        trial.attempt(trial.query(), socket);
        trial.context.reports.push_back({LinkReport::Kind::doubted, telemetry::Failure::refused, 0, no_query, &socket});
    }
    CHECK(trial.context.sockets_to_flush.empty());
    CHECK(trial.context.reports.empty());
}

TEST_CASE("a reply is told with the query and the ticket of its attempt, and what fits nothing is counted",
          "[upstream_socket]") {
    Trial trial;
    UpstreamSocket socket = trial.socket();
    const QueryIndex query = trial.query();
    const Ticket ticket = trial.attempt(query, socket).ticket;
    socket.flush();
    trial.answer(static_cast<Ticket>(ticket + 1));
    trial.answer(ticket);
    trial.run_until([&] { return !trial.events.replies.empty(); });
    CHECK(trial.events.replies.size() == 1);
    CHECK(trial.events.replies[0].query == query);
    CHECK(trial.events.replies[0].link == &socket);
    CHECK(trial.events.replies[0].ticket == ticket);
    CHECK(trial.counters.dropped[telemetry::Drop::reply_unexpected].value() == 1);
    CHECK(socket.inflight() == 0);
}

TEST_CASE("an ICMP message is a doubt about all that waits, told when the socket is read", "[upstream_socket]") {
    Trial trial;
    UpstreamSocket socket = trial.socket();
    const QueryIndex query = trial.query();
    trial.attempt(query, socket);
    trial.server.close();
    socket.flush();
    CHECK(trial.context.reports.empty());
    trial.run_until([&] { return !trial.context.reports.empty(); });
    CHECK(trial.context.reports[0].kind == LinkReport::Kind::doubted);
    CHECK(trial.context.reports[0].failure == telemetry::Failure::refused);
    CHECK(trial.context.reports[0].link == &socket);
    CHECK(socket.waiting() == std::vector{query});
}

TEST_CASE("too many messages that fit nothing are guesses, which is told once", "[upstream_socket]") {
    Trial trial;
    UpstreamSocket socket = trial.socket();
    const Ticket ticket = trial.attempt(trial.query(), socket).ticket;
    socket.flush();
    trial.events.fits = false;
    for (std::uint64_t i = 0; i < 2 * max_unexpected_replies; ++i) {
        CHECK(socket.is_guessed_at() == (i > max_unexpected_replies));
        trial.answer(ticket);
        trial.run_until([&] { return trial.events.replies.size() == i + 1; });
    }
    REQUIRE(trial.context.reports.size() == 1);
    CHECK(trial.context.reports[0].kind == LinkReport::Kind::guessed);
    CHECK(trial.context.reports[0].link == &socket);
}
