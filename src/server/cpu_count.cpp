// SPDX-License-Identifier: MIT
#include "server/cpu_count.hpp"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace dproxy::server {

namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// A container sees its own cgroup at the root of the mount; outside of one, /proc/self/cgroup names it.
std::optional<unsigned> cgroup_quota() {
    std::string own;
    std::istringstream lines(text_of("/proc/self/cgroup"));
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("0::")) own = line.substr(3);
    }
    std::optional<unsigned> least;
    // A quota of any level above binds too.
    for (std::string path = own;; path = path.substr(0, path.find_last_of('/'))) {
        if (const auto quota = quota_of_cpu_max(text_of("/sys/fs/cgroup" + path + "/cpu.max"))) {
            least = least ? std::min(*least, *quota) : *quota;
        }
        if (path.empty() || path == "/") break;
    }
    if (least) return least;
    const std::string quota = text_of("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    if (quota.empty() || quota.front() == '-') return std::nullopt;
    return quota_of_cpu_max(quota.substr(0, quota.find('\n')) + " " + text_of("/sys/fs/cgroup/cpu/cpu.cfs_period_us"));
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
