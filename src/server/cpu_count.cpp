// SPDX-License-Identifier: MIT
#include "server/cpu_count.hpp"

#include <sched.h>

#include <algorithm>
#include <sstream>
#include <string>

#include "server/cgroup.hpp"

namespace dproxy::server {

namespace {

std::optional<unsigned> cgroup_quota() {
    std::optional<unsigned> least;
    const std::string period_of_version_1 = "/sys/fs/cgroup/cpu/cpu.cfs_period_us";
    for (std::string text : cgroup_texts("cpu.max", "cpu/cpu.cfs_quota_us")) {
        // Version 1 has the period in a file of its own, and a quota below 0 where there is none.
        if (text.find(' ') == std::string::npos) {
            if (text.front() == '-') continue;
            text = text.substr(0, text.find('\n')) + " " + text_of_file(period_of_version_1);
        }
        if (const auto quota = quota_of_cpu_max(text)) least = least ? std::min(*least, *quota) : *quota;
    }
    return least;
}

}  // namespace

std::optional<unsigned> quota_of_cpu_max(std::string_view text) {
    std::istringstream numbers{std::string(text)};
    unsigned long long quota = 0, period = 0;
    if (!(numbers >> quota >> period) || quota == 0 || period == 0) return std::nullopt;
    return static_cast<unsigned>(std::min<unsigned long long>((quota + period - 1) / period, 1024));
}

unsigned usable_cpus() {
    unsigned cpus = 1;
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof set, &set) == 0) cpus = static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
    if (const auto quota = cgroup_quota()) cpus = std::min(cpus, std::max(1u, *quota));
    return cpus;
}

}  // namespace dproxy::server
