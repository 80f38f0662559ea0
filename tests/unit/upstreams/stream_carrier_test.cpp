// SPDX-License-Identifier: MIT
#include "upstreams/stream_carrier.hpp"

#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <vector>

#include "catch.hpp"
#include "io/tcp_listener.hpp"
#include "queries/limits.hpp"
#include "unit/upstreams/one_upstream.hpp"
#include "upstreams/limits.hpp"
#include "upstreams/upstream.hpp"
#include "upstreams/upstream_stream.hpp"

using namespace dproxy;
using namespace dproxy::proxy;
using Octets = std::vector<std::uint8_t>;

namespace {

constexpr std::uint32_t most_queries = 4096;

void allow_many_descriptors() {
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// An upstream that accepts connections and says nothing. The loop never runs: nothing comes of its own.
struct Trial {
    std::error_code error;
    io::Fd listening = io::listen_tcp({*net::Address::parse("127.0.0.1"), 0}, io::PortSharing::exclusive, error);
    boost::asio::io_context loop;
    telemetry::WorkerCounters counters{telemetry::first_route_slot, telemetry::first_upstream_slot};
    InFlightTable queries{most_queries};
    KeptEvents events;
    UpstreamContext context{loop, queries, counters, events};
    Upstream upstream;

    explicit Trial(bool proxy_protocol) : upstream(context, spec(proxy_protocol)) {
        context.now_ns = second_ns;
        allow_many_descriptors();
    }

    UpstreamSpec spec(bool proxy_protocol) const {
        UpstreamSpec made;
        made.key.endpoint = io::bound_endpoint(listening.get());
        made.key.proxy_protocol = proxy_protocol;
        made.health = std::make_shared<UpstreamHealth>();
        return made;
    }

    QueryIndex query(const Octets& preface, std::uint32_t client_serial = 0) {
        const QueryIndex index = queries.take(Octets(40));
        REQUIRE(index != no_query);
        InFlight& entry = queries[index];
        entry.client.transport = client_serial == 0 ? Transport::udp : Transport::tcp;
        entry.client.serial = client_serial;
        queries.set_preface(index, preface);
        return index;
    }

    Sent send(QueryIndex index, Attempt& attempt) {
        const auto sending = upstream.send(index, attempt, true, nullptr);
        return sending.sent == Sent::full ? upstream.wait(index, nullptr).sent : sending.sent;
    }

    /// The connection by which a query with that preface leaves.
    Attempt sent(const Octets& preface, std::uint32_t client_serial = 0) {
        Attempt attempt;
        REQUIRE(send(query(preface, client_serial), attempt) == Sent::yes);
        return attempt;
    }

    auto connections() const { return counters.tcp_connections[telemetry::Side::upstream].value(); }
};

Octets preface_of(std::size_t client) {
    return {static_cast<std::uint8_t>(client >> 8), static_cast<std::uint8_t>(client)};
}

}  // namespace

TEST_CASE("without a preface queries of all clients share a connection", "[stream_carrier]") {
    Trial trial(false);
    Link* const link = trial.sent({}, 1).link;
    for (std::uint32_t client : {0u, 2u, 3u}) CHECK(trial.sent({}, client).link == link);
    CHECK(trial.connections() == 1);
}

TEST_CASE("shared connections are limited, and queries beyond them wait", "[stream_carrier]") {
    Trial trial(false);
    std::vector<Attempt> attempts;
    for (std::size_t i = 0; i < max_streams * queries_per_stream; ++i) attempts.push_back(trial.sent({}));
    CHECK(static_cast<std::size_t>(trial.connections()) == max_streams);
    const QueryIndex waiting = trial.query({});
    Attempt attempt;
    CHECK(trial.send(waiting, attempt) == Sent::waits);
    CHECK(trial.upstream.next_waiting() == no_query);
    attempts[100].link->release(attempts[100].ticket);
    CHECK(trial.upstream.next_waiting() == waiting);
    CHECK(trial.upstream.next_waiting() == no_query);
    CHECK(trial.send(waiting, attempt) == Sent::yes);
    CHECK(attempt.link == attempts[100].link);
}

TEST_CASE("as many queries wait as may, and no more", "[stream_carrier]") {
    Trial trial(false);
    for (std::size_t i = 0; i < max_streams * queries_per_stream; ++i) trial.sent({});
    Attempt attempt;
    for (std::size_t i = 0; i < max_waiting_for_stream; ++i) {
        REQUIRE(trial.send(trial.query({}), attempt) == Sent::waits);
    }
    CHECK(trial.send(trial.query({}), attempt) == Sent::no);
}

TEST_CASE("a query that has ended takes no room among those that wait", "[stream_carrier]") {
    Trial trial(false);
    for (std::size_t i = 0; i < max_streams * queries_per_stream; ++i) trial.sent({});
    Attempt attempt;
    const QueryIndex alive = trial.query({});
    REQUIRE(trial.send(alive, attempt) == Sent::waits);
    for (std::size_t i = 0; i < 3 * max_waiting_for_stream; ++i) {
        const QueryIndex ended = trial.query({});
        REQUIRE(trial.send(ended, attempt) == Sent::waits);
        trial.upstream.stop_waiting(ended);
        trial.queries.release(ended);
    }
    CHECK(trial.upstream.any_waiting());
    trial.upstream.stop_waiting(alive);
    CHECK_FALSE(trial.upstream.any_waiting());
    trial.upstream.stop_waiting(alive);  // and once more: it is no longer there
}

TEST_CASE("a connection is used for so many queries, and closed when the last has ended", "[stream_carrier]") {
    Trial trial(false);
    const Attempt first = trial.sent({});
    for (std::uint32_t i = 1; i < queries_in_stream_life; ++i) {
        const Attempt attempt = trial.sent({});
        REQUIRE(attempt.link == first.link);
        attempt.link->release(attempt.ticket);
    }
    CHECK(trial.sent({}).link != first.link);
    trial.upstream.maintain();
    CHECK(trial.connections() == 2);
    first.link->release(first.ticket);
    trial.upstream.maintain();
    CHECK(trial.connections() == 1);
}

TEST_CASE("two time-outs with nothing heard between take a connection out of use", "[stream_carrier]") {
    Trial trial(false);
    const auto run_out = [&](Attempt attempt) {
        trial.context.now_ns += second_ns;
        trial.upstream.overdue(attempt, dns::type::a);
        attempt.link->release(attempt.ticket);
    };
    const Attempt first = trial.sent({});
    trial.context.now_ns += 1;
    trial.upstream.heard();  // by another way: the upstream lives
    run_out(first);
    CHECK(trial.sent({}).link == first.link);
    trial.context.now_ns += 1;
    trial.upstream.heard();
    run_out(trial.sent({}));
    CHECK(trial.sent({}).link != first.link);
}

TEST_CASE("who has most on the connections gives way to who has little", "[stream_carrier]") {
    Trial trial(false);
    const auto from = [&trial](const char* address) {
        const QueryIndex index = trial.query({});
        trial.queries[index].client.source = io::SocketAddress(*net::Endpoint::parse(address, 1000));
        trial.queries[index].started_ns = ++trial.context.now_ns;
        return index;
    };
    Attempt attempt;
    const QueryIndex small = from("198.51.100.1");
    REQUIRE(trial.send(small, attempt) == Sent::yes);
    const QueryIndex oldest = from("192.0.2.1");
    Attempt of_oldest;
    REQUIRE(trial.send(oldest, of_oldest) == Sent::yes);
    for (std::size_t i = 2; i < max_streams * queries_per_stream; ++i) {
        REQUIRE(trial.send(from("192.0.2.200"), attempt) == Sent::yes);
    }
    CHECK(trial.upstream.who_gives_way_to(from("203.0.113.1")) == std::vector{oldest});
    CHECK(trial.upstream.who_gives_way_to(from("198.51.100.2")) == std::vector{oldest});
    CHECK(trial.upstream.who_gives_way_to(from("192.0.2.3")).empty());  // it would be its own: it waits
    for (std::size_t i = 0; i < max_waiting_for_stream; ++i) {
        REQUIRE(trial.send(from("192.0.2.4"), attempt) == Sent::waits);
    }
    CHECK(trial.upstream.who_gives_way_to(from("192.0.2.3")) == std::vector{oldest});  // it cannot
}

TEST_CASE("a connection carries the queries of one client alone", "[stream_carrier]") {
    Trial trial(true);
    Link* const first = trial.sent({1, 2}, 7).link;
    CHECK(trial.sent({1, 2}, 7).link == first);
    CHECK(trial.sent({1, 3}, 7).link != first);
    CHECK(trial.sent({1, 2}, 8).link != first);
    CHECK(trial.sent({1, 2}).link != first);
    CHECK(trial.sent({1, 2, 0}, 7).link != first);
    CHECK(trial.connections() == 5);
    for (std::size_t i = 2; i < queries_per_stream; ++i) CHECK(trial.sent({1, 2}, 7).link == first);
    CHECK(trial.sent({1, 2}, 7).link != first);
}

TEST_CASE("when all are taken the longest idle makes room", "[stream_carrier]") {
    Trial trial(true);
    std::vector<Attempt> attempts;
    for (std::size_t i = 0; i < max_client_streams; ++i) attempts.push_back(trial.sent(preface_of(i)));
    CHECK(static_cast<std::size_t>(trial.connections()) == max_client_streams);

    const QueryIndex first = trial.query(preface_of(5000));
    const QueryIndex second = trial.query(preface_of(5001));
    Attempt attempt;
    CHECK(trial.send(first, attempt) == Sent::waits);
    CHECK(trial.send(second, attempt) == Sent::waits);
    CHECK(trial.upstream.next_waiting() == no_query);
    // A client that has a connection already needs no room.
    CHECK(trial.sent(preface_of(9)).link == attempts[9].link);

    for (const std::size_t idle : {30u, 20u, 40u}) {
        trial.context.now_ns += second_ns / 10;
        attempts[idle].link->release(attempts[idle].ticket);
    }
    CHECK(trial.upstream.next_waiting() == first);
    CHECK(trial.send(first, attempt) == Sent::yes);
    CHECK(trial.upstream.next_waiting() == second);
    CHECK(trial.send(second, attempt) == Sent::yes);
    CHECK(trial.sent(preface_of(40)).link == attempts[40].link);
    CHECK(trial.upstream.next_waiting() == no_query);

    trial.upstream.maintain();
    CHECK(static_cast<std::size_t>(trial.connections()) == max_client_streams);
}

TEST_CASE("a connection ends with its client, or with the last query of it", "[stream_carrier]") {
    Trial trial(true);
    const Attempt busy = trial.sent({1}, 7);
    const Attempt idle = trial.sent({2}, 7);
    trial.sent({3}, 8);
    idle.link->release(idle.ticket);
    REQUIRE(trial.context.client_streams.of(7).size() == 2);
    for (StreamLink* stream : trial.context.client_streams.of(7)) stream->carrier().client_gone(*stream);
    REQUIRE(trial.context.client_streams.of(7).size() == 1);
    CHECK(trial.connections() == 2);
    trial.upstream.maintain();
    CHECK(trial.connections() == 2);
    busy.link->release(busy.ticket);
    trial.upstream.maintain();
    CHECK(trial.connections() == 1);
    CHECK(trial.context.client_streams.of(7).empty());
    CHECK(trial.context.client_streams.of(8).size() == 1);
}

TEST_CASE("an idle connection is kept, of a UDP client for a moment only", "[stream_carrier]") {
    Trial trial(true);
    const Attempt udp = trial.sent({1});
    const Attempt tcp = trial.sent({2}, 7);
    udp.link->release(udp.ticket);
    tcp.link->release(tcp.ticket);
    trial.context.now_ns += udp_client_stream_idle_ns;
    trial.upstream.maintain();
    CHECK(trial.connections() == 2);
    trial.context.now_ns += 1;
    trial.upstream.maintain();
    CHECK(trial.connections() == 1);
    trial.context.now_ns += stream_idle_ns;
    trial.upstream.maintain();
    CHECK(trial.connections() == 0);
}
