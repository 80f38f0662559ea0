// SPDX-License-Identifier: MIT
// The part of the relay that concerns limits: who gives way when one is reached.
// Held by tests/integration/test_fair_limits.py, tests/integration/test_size_limits.py.
#include <algorithm>

#include "queries/limits.hpp"
#include "relay/limits.hpp"
#include "relay/relay.hpp"
#include "routing/giving_way.hpp"

namespace dproxy::proxy {

using dns::ExtendedError;
using routing::Holding;
using telemetry::Rejection;

namespace {

/// In a list of queries and connections, the latter have this bit.
constexpr std::uint32_t is_connection = 0x80000000;

std::uint32_t part_of(std::uint32_t limit) { return std::max(1u, limit / part_to_free); }

}  // namespace

std::optional<Rejection> Relay::make_room(routing::RouteIndex route, std::uint32_t route_limit, std::size_t length) {
    // Whoever comes last is not who is too much: those who hold most give way, and only where nobody can, the newcomer.
    if (route_inflight_.of(route) >= route_limit) {
        free_places(route, route_limit);
        if (route_inflight_.of(route) >= route_limit) return Rejection::route_inflight_limit;
    }
    if (queries_.size() + transfers_.count() >= options_.max_inflight) {
        free_places(std::nullopt, options_.max_inflight);
        if (queries_.size() + transfers_.count() >= options_.max_inflight) return Rejection::inflight_limit;
    }
    const std::size_t needed = InFlightTable::bytes_of_one() + (length > stored_message_bytes ? length : 0);
    if (held_bytes() + needed > options_.max_buffered) {
        free_bytes(needed);
        if (held_bytes() + needed > options_.max_buffered) return Rejection::buffered_limit;
    }
    return std::nullopt;
}

void Relay::free_places(std::optional<routing::RouteIndex> route, std::uint32_t limit) {
    std::vector<Holding> holdings;
    holdings.reserve(queries_.size());
    queries_.for_each([&](QueryIndex index) {
        const InFlight& entry = queries_[index];
        if (route && entry.route != *route) return;
        holdings.push_back({network_of(entry.client), entry.started_ns, 1, index});
    });
    const auto why = route ? Rejection::route_inflight_limit : Rejection::inflight_limit;
    for (const QueryIndex index : routing::who_gives_way(std::move(holdings), part_of(limit))) give_way(index, why);
}

void Relay::free_bytes(std::size_t wanted) {
    std::vector<Holding> holdings;
    holdings.reserve(queries_.size());
    queries_.for_each([&](QueryIndex index) {
        const InFlight& entry = queries_[index];
        holdings.push_back({network_of(entry.client), entry.started_ns, queries_.bytes_of(index), index});
    });
    std::vector<Client> connections;
    clients_.for_each_held([&](const Client& client, std::uint64_t since_ns, std::size_t bytes) {
        const auto number = static_cast<std::uint32_t>(connections.size());
        holdings.push_back({network_of(client), since_ns, bytes, number | is_connection});
        connections.push_back(client);
    });
    wanted = std::max(wanted, options_.max_buffered / part_to_free);
    for (const std::uint32_t holder : routing::who_gives_way(std::move(holdings), wanted)) {
        if ((holder & is_connection) == 0) {
            give_way(holder, Rejection::buffered_limit);
        } else {
            counters_.rejected[Rejection::tcp_buffered].add();
            clients_.cut(connections[holder & ~is_connection]);
        }
    }
}

void Relay::give_way(QueryIndex index, Rejection why) {
    // One that was cut off above may have taken its queries along.
    if (!queries_[index].in_use) return;
    answer(index, fail(why, ExtendedError::none));
    finish(index);
}

}  // namespace dproxy::proxy
