// SPDX-License-Identifier: MIT
// One worker of whose queries each is logged, into a ring that is read when the test says so.
#pragma once

#include "query_log/record.hpp"
#include "query_log/rings.hpp"
#include "unit/relay/one_worker.hpp"

namespace dproxy::proxy {

struct LoggedWorker : OneWorker {
    LoggedWorker() : OneWorker(logging()) {}

    static WorkerOptions logging() {
        WorkerOptions options;
        options.query_log = std::make_shared<query_log::Rings>(1);
        options.log_one_in = 1;
        return options;
    }

    /// How many records there were.
    std::size_t read_all() {
        query_log::Ring* const ring = options.query_log->of(0);
        REQUIRE(ring != nullptr);
        std::size_t count = 0;
        for (; !ring->front().empty(); ring->pop(), ++count) {
            const query_log::Record record = query_log::read(ring->front());
            const bool is_routed = record.rcode == 0;
            const bool is_right = record.client == client_at && record.has_question && record.type == 1 &&
                                  record.attempts == (is_routed ? 1 : 0) && record.upstream.has_value() == is_routed &&
                                  record.route == (record.rcode == 5 ? "(none)" : "*.example.test");
            if (!is_right) FAIL("a record is wrong: route " << record.route << ", rcode " << record.rcode);
        }
        return count;
    }

    /// Since read_all() so many rounds were exchanged.
    void check_all_told(std::size_t rounds) {
        const std::size_t told = read_all();
        const auto dropped = static_cast<std::size_t>(counters.query_log_dropped.value());
        CHECK(told + dropped == rounds * 3 * window);
        CHECK(told > 0);
        CHECK(dropped > 0);  // there are more than a ring has room for
    }
};

}  // namespace dproxy::proxy
