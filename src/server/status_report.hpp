// SPDX-License-Identifier: MIT
// /status: what a running instance knows about itself, as JSON. Documented in docs/operations.md.
#pragma once

#include <cstddef>
#include <string>

#include "server/status_facts.hpp"

namespace dproxy::server {

/// Items of each list; of more, those with something wrong come first, and how many are missing is said beside it in
/// `..._more`.
inline constexpr std::size_t max_status_items = 1000;

std::string status_json(const StatusFacts& facts);

}  // namespace dproxy::server
