// SPDX-License-Identifier: MIT
// The page at /: what a running instance knows about itself, for people. It is whole in itself (no script, nothing from
// elsewhere), what comes from files is escaped, and its size is bounded however many routes there are.
#pragma once

#include <cstddef>
#include <string>

#include "server/status_facts.hpp"

namespace dproxy::server {

/// Rows of each table; how many more there are is said.
inline constexpr std::size_t max_page_rows = 200;
/// Upstreams named in one row.
inline constexpr std::size_t max_page_upstreams = 8;

std::string status_page(const StatusFacts& facts);

}  // namespace dproxy::server
