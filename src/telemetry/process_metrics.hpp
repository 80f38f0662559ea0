// SPDX-License-Identifier: MIT
// What /proc says of this process: the process_* series that every Prometheus client exports.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dproxy::telemetry {

/// What cannot be read is missing (a restricted /proc), and so is its series.
struct ProcessFacts {
    std::optional<double> cpu_seconds;
    std::optional<double> start_time_seconds;  ///< since 1970
    std::optional<std::uint64_t> virtual_memory_bytes;
    std::optional<std::uint64_t> resident_memory_bytes;
    std::optional<std::uint64_t> open_fds;
    std::optional<std::uint64_t> max_fds;
};

/// /proc/self/stat (proc(5)), whose second field may hold blanks and brackets.
struct ProcessStat {
    std::uint64_t cpu_ticks = 0;    ///< user and system
    std::uint64_t start_ticks = 0;  ///< since boot
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_pages = 0;
};
std::optional<ProcessStat> parse_process_stat(std::string_view text);
/// `btime` of /proc/stat: seconds since 1970.
std::optional<std::uint64_t> parse_boot_time(std::string_view text);

/// Reads /proc now. A few system calls; any thread.
ProcessFacts read_process_facts();

}  // namespace dproxy::telemetry
