// SPDX-License-Identifier: MIT
// One worker of which dnstap is told, into a ring that is read when the test says so.
#pragma once

#include "dnstap/record.hpp"
#include "query_log/rings.hpp"
#include "unit/relay/one_worker.hpp"

namespace dproxy::proxy {

struct TappedWorker : OneWorker {
    TappedWorker() : OneWorker(tapping()) {}

    static WorkerOptions tapping() {
        WorkerOptions options;
        options.dnstap = std::make_shared<query_log::Rings>(1u, std::size_t{1} << 20);
        return options;
    }

    /// How many messages there were.
    std::size_t read_all() {
        query_log::Ring* const ring = options.dnstap->of(0);
        REQUIRE(ring != nullptr);
        std::size_t count = 0;
        for (; !ring->front().empty(); ring->pop(), ++count) {
            const dnstap::Record record = dnstap::read(ring->front());
            const bool is_clients =
                record.kind == dnstap::Kind::client_query || record.kind == dnstap::Kind::client_response;
            const bool is_right = is_clients ? record.asking == client_at && record.asked == proxy_at
                                             : record.asked == server_at && record.asking.port != 0;
            if (!is_right || record.message.size() < dns::header_length) FAIL("a record is wrong");
        }
        return count;
    }

    /// Since read_all() so many rounds were exchanged: four messages for each query that is relayed, two for others.
    void check_all_told(std::size_t rounds) {
        const std::size_t told = read_all();
        const auto dropped = static_cast<std::size_t>(counters.dnstap_dropped.value());
        CHECK(told + dropped == rounds * (4 + 2 + 2) * window);
        CHECK(told > 0);
        CHECK(dropped > 0);  // there are more than a ring has room for
    }
};

}  // namespace dproxy::proxy
