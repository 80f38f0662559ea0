// SPDX-License-Identifier: MIT
// How many CPUs this process may use: the default number of workers. More workers than CPUs lower throughput.
#pragma once

#include <optional>
#include <string_view>

namespace dproxy::server {

/// By affinity and by the quota of the cgroup, version 2 or 1, rounded up; at least 1.
unsigned usable_cpus();

/// The text of cpu.max (`200000 100000`, `max 100000`): CPUs rounded up; nothing where there is no quota.
std::optional<unsigned> quota_of_cpu_max(std::string_view text);

}  // namespace dproxy::server
