// SPDX-License-Identifier: MIT
// How many queries each route of the table in force has in flight, for `max_inflight`. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "routing/route_table.hpp"

namespace dproxy::proxy {

/// The master upstream counts as one more route, behind the table's.
class RouteInflight {
public:
    void add(routing::RouteIndex route) { ++counts_[route]; }
    /// `no_route` where the query's route is gone: it counts nowhere.
    void subtract(routing::RouteIndex route) {
        if (route != routing::no_route) --counts_[route];
    }
    std::uint32_t of(routing::RouteIndex route) const { return counts_[route]; }

    /// Begins to count for a table; nothing is in flight in it yet.
    void take_table(const routing::RouteTable& table);

private:
    struct FreeZeroed {
        void operator()(std::uint32_t* counts) const noexcept;
    };
    std::unique_ptr<std::uint32_t[], FreeZeroed> counts_;  ///< zero pages until counted in
};

/// Where the routes of one table are in the next: what is in flight goes on counting against its route. Asked for the
/// few routes that have something in flight.
class RouteSuccession {
public:
    RouteSuccession(const routing::RouteTable& before, const routing::RouteTable& after)
        : before_(before), after_(after) {}
    /// `no_route` where it is in `after` no more, or no memory is left to know it.
    routing::RouteIndex successor_of(routing::RouteIndex route);

private:
    const routing::RouteTable& before_;
    const routing::RouteTable& after_;
    std::unordered_map<routing::RouteIndex, routing::RouteIndex> known_;
};

}  // namespace dproxy::proxy
