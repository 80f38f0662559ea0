// SPDX-License-Identifier: MIT
#include "upstreams/upstream_stream.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "catch.hpp"
#include "dns/tcp_framing.hpp"
#include "io/socket_address.hpp"
#include "io/tcp_listener.hpp"
#include "unit/upstreams/one_upstream.hpp"
#include "upstreams/stream_carrier.hpp"

using namespace dproxy;
using namespace dproxy::proxy;
using test::Octets;

namespace {

io::Fd listening() {
    std::error_code error;
    io::Fd socket = io::listen_tcp({*net::Address::parse("127.0.0.1"), 0}, io::PortSharing::exclusive, error);
    REQUIRE(socket);
    return socket;
}

/// A server that the test plays: it accepts, reads and answers when it is told to.
struct Trial {
    io::Fd listener = listening();
    OneUpstream one{io::bound_endpoint(listener.get())};
    StreamCarrier carrier{one.upstream, one.context};
    io::Fd server;

    Attempt sent() {
        Attempt attempt;
        REQUIRE(carrier.send(one.query(), attempt, nullptr).sent == Sent::yes);
        return attempt;
    }
    static void wait_for(int fd) {
        pollfd wanted{fd, POLLIN, 0};
        REQUIRE(::poll(&wanted, 1, 20'000) == 1);
    }
    /// All that is queued leaves, to a connection that the server accepts.
    void accept() {
        one.run_until([this] {
            pollfd wanted{listener.get(), POLLIN, 0};
            return ::poll(&wanted, 1, 0) == 1;
        });
        server = io::Fd(::accept(listener.get(), nullptr, nullptr));
        REQUIRE(server);
    }
    /// The message under this ID comes back as its reply.
    void answer(Ticket id) {
        Octets message = test::Packet::reply("a.test", test::qtype::a).id(id).bytes();
        const Octets framed = test::u16(static_cast<unsigned>(message.size())) + message;
        REQUIRE(::send(server.get(), framed.data(), framed.size(), 0) == static_cast<ssize_t>(framed.size()));
    }
    /// The server has read all, and closes: an end and no reset.
    void close_server(std::size_t queries) {
        const std::size_t each = 2 + test::Packet::query("a.test", test::qtype::a).bytes().size();
        for (std::size_t left = queries * each; left > 0;) {
            one.run_until([this] {
                pollfd wanted{server.get(), POLLIN, 0};
                return ::poll(&wanted, 1, 0) == 1;
            });
            std::uint8_t bytes[512];
            const ssize_t count = ::recv(server.get(), bytes, sizeof bytes, 0);
            REQUIRE(count > 0);
            left -= static_cast<std::size_t>(count);
        }
        server.close();
    }
    std::vector<LinkReport>& reports() { return one.context.reports; }
    auto connections() const { return one.counters.tcp_connections[telemetry::Side::upstream].value(); }
};

}  // namespace

TEST_CASE("a reply is told with the query and the ticket of its attempt", "[upstream_stream]") {
    Trial trial;
    const Attempt first = trial.sent();
    const Attempt second = trial.sent();
    REQUIRE(first.link == second.link);
    CHECK(first.ticket != second.ticket);
    CHECK(first.link->traits().is_stream);
    CHECK(first.link->waiting().size() == 2);
    trial.accept();
    trial.answer(second.ticket);
    trial.one.run_until([&] { return !trial.one.events.replies.empty(); });
    CHECK(trial.one.events.replies[0].ticket == second.ticket);
    CHECK(trial.one.events.replies[0].link == second.link);
    CHECK(first.link->waiting().size() == 1);
    CHECK(trial.reports().empty());
}

TEST_CASE("a message that fits nothing is counted, and told to nobody", "[upstream_stream]") {
    Trial trial;
    const Attempt attempt = trial.sent();
    trial.accept();
    trial.answer(static_cast<Ticket>(attempt.ticket + 1));
    trial.answer(attempt.ticket);
    trial.one.run_until([&] { return !trial.one.events.replies.empty(); });
    CHECK(trial.one.events.replies.size() == 1);
    CHECK(trial.one.counters.dropped[telemetry::Drop::reply_unexpected].value() == 1);
}

TEST_CASE("the only query on a connection that ends has failed", "[upstream_stream]") {
    Trial trial;
    const Attempt attempt = trial.sent();
    trial.accept();
    trial.close_server(1);
    trial.one.run_until([&] { return !trial.reports().empty(); });
    REQUIRE(trial.reports().size() == 1);
    CHECK(trial.reports()[0].kind == LinkReport::Kind::failed);
    CHECK(trial.reports()[0].failure == telemetry::Failure::closed);
    CHECK(trial.reports()[0].link == attempt.link);
    CHECK(trial.reports()[0].ticket == attempt.ticket);
    CHECK(trial.connections() == 0);
}

TEST_CASE("queries on a connection that ends before they had a chance are stale, and the next are sent one at a time",
          "[upstream_stream]") {
    Trial trial;
    const Attempt first = trial.sent();
    const Attempt second = trial.sent();
    trial.accept();
    trial.close_server(2);
    trial.one.run_until([&] { return !trial.reports().empty(); });
    REQUIRE(trial.reports().size() == 2);
    for (const LinkReport& report : trial.reports()) CHECK(report.kind == LinkReport::Kind::stale);
    CHECK(trial.reports()[0].ticket == first.ticket);  // in the order they were sent
    CHECK(trial.reports()[1].ticket == second.ticket);
    CHECK(trial.sent().link != trial.sent().link);
}

TEST_CASE("nobody listens: the attempt has failed, and is told when the loop runs", "[upstream_stream]") {
    Trial trial;
    trial.listener.close();
    const Attempt attempt = trial.sent();
    CHECK(trial.reports().empty());
    trial.one.run_until([&] { return !trial.reports().empty(); });
    CHECK(trial.reports()[0].kind == LinkReport::Kind::failed);
    CHECK(trial.reports()[0].failure == telemetry::Failure::refused);
    CHECK(trial.reports()[0].ticket == attempt.ticket);
}

TEST_CASE("a connection that has ended is there until its attempts are released", "[upstream_stream]") {
    Trial trial;
    const Attempt attempt = trial.sent();
    trial.accept();
    trial.close_server(1);
    trial.one.run_until([&] { return !trial.reports().empty(); });
    trial.carrier.maintain();
    CHECK(trial.reports().size() == 1);
    CHECK(attempt.link->waiting().size() == 1);
    attempt.link->release(attempt.ticket);
    trial.carrier.maintain();
    CHECK(trial.reports().empty());  // it went, and took along what it had to say
}

TEST_CASE("when a reply comes, those that wait for the connection are told of", "[upstream_stream]") {
    Trial trial;
    std::vector<Attempt> attempts;
    for (std::size_t i = 0; i < max_streams * queries_per_stream; ++i) attempts.push_back(trial.sent());
    const QueryIndex waiting = trial.one.query();
    Attempt attempt;
    REQUIRE(trial.carrier.send(waiting, attempt, nullptr).sent == Sent::full);
    REQUIRE(trial.carrier.wait(waiting, nullptr).sent == Sent::waits);
    CHECK(trial.one.context.with_room.empty());
    trial.accept();  // one of them
    sockaddr_in peer{};
    socklen_t length = sizeof peer;
    REQUIRE(::getpeername(trial.server.get(), reinterpret_cast<sockaddr*>(&peer), &length) == 0);
    // It is not known which one it is: each of their first queries is answered, and one of these fits.
    for (const Attempt& one : attempts) trial.answer(one.ticket);
    trial.one.run_until([&] { return !trial.one.context.with_room.empty(); });
    CHECK(trial.one.context.with_room.front() == &trial.one.upstream);
    CHECK(trial.carrier.next_waiting() == waiting);
}

TEST_CASE("a client's connection that is closed in the midst of its last reply outlives it", "[upstream_stream]") {
    struct Closing final : LinkEvents {
        StreamCarrier* carrier = nullptr;
        bool called = false;
        void on_turn(TurnKey) override {}
        void flush(TurnKey) override {}
        bool on_reply(QueryIndex, Link& link, Ticket ticket, dns::MutableBytes) override {
            called = true;
            link.release(ticket);
            carrier->client_gone(static_cast<StreamLink&>(link));
            return true;
        }
    };
    // The server is the first trial's; the upstream is one whose events close the connection.
    Trial server;
    Closing events;
    UpstreamContext context{server.one.loop, server.one.queries, server.one.counters, events};
    context.now_ns = io::second_ns;
    Upstream upstream(context, OneUpstream::spec(io::bound_endpoint(server.listener.get()), true));
    StreamCarrier carrier(upstream, context);
    events.carrier = &carrier;
    const QueryIndex query = server.one.query();
    server.one.queries[query].client.transport = Transport::tcp;
    server.one.queries[query].client.serial = 7;
    server.one.queries.set_preface(query, Octets{1, 2, 3});
    Attempt attempt;
    REQUIRE(carrier.send(query, attempt, nullptr).sent == Sent::yes);
    server.accept();
    server.answer(attempt.ticket);
    server.one.run_until([&] { return events.called; });
    CHECK(server.connections() == 0);
    CHECK(context.client_streams.of(7).empty());
    carrier.maintain();
}
