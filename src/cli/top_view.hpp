// SPDX-License-Identifier: MIT
// What `dproxy top` shows: text for a screen of some size, or for a file. No terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/top_facts.hpp"

namespace dproxy::cli {

/// What stands first. Names break ties.
enum class TopOrder : std::uint8_t { queries, failures, latency, name };

struct TopScreen {
    std::size_t width = 0;   ///< columns; 0: as many as the names take
    std::size_t height = 0;  ///< lines; 0: as many as there are
    bool colour = false;
};

/// Lines, each with its end; none wider than the screen, and no more than it has. `fault`: why the facts are not newer;
/// empty where they are. Names are shown so that the terminal obeys none.
std::string draw_top(TopFacts facts, TopOrder order, const TopScreen& screen, std::string_view fault = {});

}  // namespace dproxy::cli
