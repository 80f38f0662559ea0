// SPDX-License-Identifier: MIT
// The pages of the admin side. What they say comes from functions, called as the kinds of the pages say.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/http_server.hpp"

namespace dproxy::admin {

/// A worker that has not turned over for longer makes /livez say 503. Workers turn at least once a second.
inline constexpr std::chrono::seconds stall_limit{10};

/// What /history goes back, in seconds, and what it may be asked for.
inline constexpr std::uint32_t longest_history = 7200;

struct WorkerTurn {
    std::string name;                  ///< `worker 0`
    std::chrono::nanoseconds still{0};  ///< time since its loop last turned over
};

struct Finding {
    bool valid = true;  ///< false: what was given cannot be read, and `body` is a sentence that says why
    std::string body;   ///< JSON
};

/// All of them are set.
struct AdminSources {
    std::function<std::string()> metrics;            ///< Collector::text
    std::function<std::vector<WorkerTurn>()> workers;       ///< at once
    std::function<std::optional<std::string>()> not_ready;  ///< at once: the reason; nothing when ready
    std::function<NextPiece(const Parameters& asked)> page;  ///< HTML, for people
    std::function<std::string()> status;  ///< JSON
    std::function<NextPiece()> routes;    ///< JSON, however large
    std::function<NextPiece(std::string_view name)> files;  ///< JSON; `name` is empty where the request has none
    std::function<NextPiece(std::uint32_t seconds)> history;  ///< JSON, of the last ones
    /// `type` is empty where the request has none.
    std::function<Finding(std::string_view name, std::string_view type, std::string_view client)> explain;
    std::function<Finding(std::string_view name)> flush;  ///< `.` is all
    std::function<Finding(std::string_view name, std::string_view duration)> trace;  ///< begins one
    std::function<Finding()> trace_steps;  ///< those since it was asked last
};

std::vector<Page> make_pages(AdminSources sources);

}  // namespace dproxy::admin
