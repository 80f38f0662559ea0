// SPDX-License-Identifier: MIT
// Whom an answer is owed to, and what it is.
// Held by tests/unit/relay/answers_test.cpp, tests/integration/test_query_log.py.
#pragma once

#include <cstdint>

#include "queries/in_flight.hpp"
#include "routing/route_table.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::proxy {

/// Who was asked for an answer, for the query log.
struct Asked {
    const Upstream* upstream = nullptr;  ///< the last one; null: nobody
    std::uint8_t attempts = 0;
};

/// Whom an answer is owed to, and how it counts.
struct Owed {
    const dns::Query& query;
    const Client& client;
    telemetry::Slot route_slot = telemetry::no_route_slot;
    std::uint64_t started_ns = 0;
    routing::RouteIndex route = routing::no_route;  ///< of the table in force
    const InFlight* entry = nullptr;  ///< of a query in flight: who was asked stands there
    Asked asked{};                    ///< else
};

inline Owed owed_for(const InFlight& entry) {
    return {entry.query, entry.client, entry.route_slot, entry.started_ns, entry.route, &entry};
}

/// Where an answer is from.
struct Origin {
    telemetry::Source source = telemetry::Source::upstream;
    dns::Bytes query;                    ///< the message that it answers
    const Upstream* upstream = nullptr;  ///< that sent it
    dns::ExtendedError error = dns::ExtendedError::none;  ///< what it tells, or would, to a client with EDNS
};

}  // namespace dproxy::proxy
