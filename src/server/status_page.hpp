// SPDX-License-Identifier: MIT
// The page at /: what a running instance knows about itself, for people. What comes from files is escaped, and its size
// is bounded however many routes there are.
#pragma once

#include <string>

#include "server/page_frame.hpp"
#include "server/status_facts.hpp"

namespace dproxy::server {

/// All of it, where nothing was searched or asked.
std::string status_page(const StatusFacts& facts, const PageQuestion& question = {});

}  // namespace dproxy::server
