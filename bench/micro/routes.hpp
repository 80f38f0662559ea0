// SPDX-License-Identifier: MIT
// Routes for micro-benchmarks: zones with two sections each, as operators write them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "routing/route_table.hpp"

namespace dproxy::bench {

/// `z000007.lab`.
std::string zone(std::size_t number);

/// Files of at most 2,000 routes: `*.zone` and `zone` to one of three upstreams.
std::vector<std::string> file_texts(std::size_t routes);
std::vector<std::shared_ptr<const routing::RouteFile>> files(std::size_t routes);

/// Built once for each number of routes.
std::shared_ptr<const routing::RouteTable> table(std::size_t routes);

}  // namespace dproxy::bench
