// SPDX-License-Identifier: MIT
// One upstream without a relay, for tests of links and carriers: what they tell is kept, and a reply is taken or not as
// the test says. Whoever calls a link is never called back.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <vector>

#include "catch.hpp"
#include "io/monotonic.hpp"
#include "packets.hpp"
#include "upstreams/upstream.hpp"

namespace dproxy::proxy {

/// Nothing is told of but out of the loop, which runs in OneUpstream::run() only.
struct KeptEvents final : LinkEvents {
    struct Reply {
        QueryIndex query;
        Link* link;
        Ticket ticket;
    };
    bool may_come = false;
    bool fits = true;  ///< what on_reply() says
    int turns = 0;
    std::vector<Reply> replies;

    void on_turn(TurnKey) override {
        REQUIRE(may_come);
        ++turns;
    }
    void flush(TurnKey) override { REQUIRE(may_come); }
    bool on_reply(QueryIndex query, Link& link, Ticket ticket, dns::MutableBytes) override {
        REQUIRE(may_come);
        replies.push_back({query, &link, ticket});
        if (fits) link.release(ticket);
        return fits;
    }
};

/// Of a server that the test plays.
struct OneUpstream {
    boost::asio::io_context loop;
    telemetry::WorkerCounters counters{telemetry::first_route_slot, telemetry::first_upstream_slot};
    InFlightTable queries{4096};
    KeptEvents events;
    UpstreamContext context{loop, queries, counters, events};
    Upstream upstream;

    explicit OneUpstream(const net::Endpoint& server, bool proxy_protocol = false)
        : upstream(context, spec(server, proxy_protocol)) {
        context.now_ns = io::second_ns;
    }

    static UpstreamSpec spec(const net::Endpoint& server, bool proxy_protocol) {
        UpstreamSpec made;
        made.key.endpoint = server;
        made.key.proxy_protocol = proxy_protocol;
        made.health = std::make_shared<UpstreamHealth>();
        return made;
    }

    QueryIndex query() {
        const QueryIndex index = queries.take(test::Packet::query("a.test", test::qtype::a).bytes());
        REQUIRE(index != no_query);
        return index;
    }

    /// Until `done`, which the network has to bring about.
    template <typename Done>
    void run_until(const Done& done) {
        events.may_come = true;
        while (!done()) {
            loop.restart();
            REQUIRE(loop.run_one_for(std::chrono::seconds(20)) == 1);
        }
        events.may_come = false;
    }
};

}  // namespace dproxy::proxy
