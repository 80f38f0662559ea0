// SPDX-License-Identifier: MIT
// Publications of one route, as a worker takes them over, for tests of generations and of the choice among upstreams.
#pragma once

#include <boost/asio/io_context.hpp>
#include <vector>

#include "catch.hpp"
#include "packets.hpp"
#include "publication/publisher.hpp"
#include "unit/routing/table_of_patterns.hpp"
#include "unit/upstreams/one_upstream.hpp"
#include "upstreams/generation.hpp"

namespace dproxy::proxy {

struct SomeGenerations {
    Publisher publisher{nullptr, 10, 2};  ///< two upstreams have a label
    telemetry::WorkerCounters counters{publisher.route_slots(), publisher.upstream_slots()};
    boost::asio::io_context loop;
    InFlightTable queries{16};
    KeptEvents events;
    UpstreamContext context{loop, queries, counters, events};
    Generations generations{context};
    std::chrono::steady_clock::time_point now{};

    /// A table whose one route has upstreams of these ports.
    void adopt(const std::vector<std::uint16_t>& ports, routing::Health health = routing::Health::on) {
        auto settings = std::make_shared<routing::RouteSettings>();
        settings->health = health;
        for (const std::uint16_t port : ports) {
            settings->targets.push_back({"", *net::Endpoint::parse("127.0.0.1", port)});
        }
        publisher.take_table(routing::RouteTable::build({routing::file_of("a.prox", {"a.test"}, settings)}).table, now);
        adopt_same_table();
    }
    void adopt_same_table() {
        const auto publication = publisher.make({AddressBook{}}, now).publication;
        generations.leave_slots(*publication);
        for (const telemetry::Slot slot : publication->upstream_slots_to_clear) counters.upstream(slot).clear();
        generations.adopt(*publication);
    }
    Upstream& upstream(std::uint16_t port) {
        for (Upstream* one : generations.current().upstreams) {
            if (one->spec().key.endpoint.port == port) return *one;
        }
        FAIL("no upstream has port " << port);
        throw 0;
    }
    auto inflight(telemetry::Slot slot) { return counters.upstream(slot).inflight.value(); }
    void hold_generation() { ++generations.current().inflight; }
};

}  // namespace dproxy::proxy
