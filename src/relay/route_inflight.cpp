// SPDX-License-Identifier: MIT
#include "relay/route_inflight.hpp"

#include <cstdlib>
#include <new>

namespace dproxy::proxy {

using routing::no_route;
using routing::RouteIndex;

void RouteInflight::FreeZeroed::operator()(std::uint32_t* counts) const noexcept { std::free(counts); }

void RouteInflight::take_table(const routing::RouteTable& table) {
    auto* counts = static_cast<std::uint32_t*>(std::calloc(table.route_count() + 1, sizeof(std::uint32_t)));
    if (!counts) throw std::bad_alloc();
    counts_.reset(counts);
}

RouteIndex RouteSuccession::successor_of(RouteIndex route) {
    if (route == no_route) return no_route;
    if (route == before_.route_count()) return static_cast<RouteIndex>(after_.route_count());
    try {
        const auto [place, is_new] = known_.try_emplace(route, no_route);
        if (is_new) place->second = after_.find_label(before_.label(route));
        return place->second;
    } catch (const std::bad_alloc&) {
        return no_route;
    }
}

}  // namespace dproxy::proxy
