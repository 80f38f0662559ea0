// SPDX-License-Identifier: MIT
// The sections of the page at /. Each adds its heading and what stands below it, as HTML of a bounded size; what there
// is none of has no heading.
#pragma once

#include <string>

#include "server/page_table.hpp"
#include "server/status_facts.hpp"

namespace dproxy::server {

/// Upstreams named in one row.
inline constexpr std::size_t max_page_upstreams = 8;

void add_summary(const StatusFacts& facts, std::string& page);
void add_faults(const StatusFacts& facts, std::string& page);
void add_loops(const StatusFacts& facts, std::string& page);
void add_past(const StatusFacts& facts, std::string& page);
void add_upstreams(const StatusFacts& facts, std::string& page);
void add_routes(const StatusFacts& facts, std::string& page);
void add_reloads(const StatusFacts& facts, std::string& page);
void add_traffic(const StatusFacts& facts, std::string& page);
void add_kept(const StatusFacts& facts, std::string& page);
void add_hosts(const StatusFacts& facts, std::string& page);
void add_certificates(const StatusFacts& facts, std::string& page);
void add_files(const StatusFacts& facts, std::string& page);

/// Where the queries of a pool go, as HTML.
std::string destination(const proxy::Pool& pool, const proxy::PoolSet& pools);
/// A table of routes, of the page and of what was searched.
PageTable table_of_routes(std::string_view caption, std::string& page);
void add_route(const proxy::Publication& publication, routing::RouteIndex route,
               const std::vector<const telemetry::WorkerCounters*>& counters, PageTable& table, std::string& page);

}  // namespace dproxy::server
