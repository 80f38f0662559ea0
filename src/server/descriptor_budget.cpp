// SPDX-License-Identifier: MIT
#include "server/descriptor_budget.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

#include "clients/limits.hpp"
#include "upstreams/limits.hpp"

namespace dproxy::server {

namespace {

constexpr std::uint64_t for_one_loop = 4;  ///< epoll, eventfd, timerfd, and one to spare
constexpr std::uint64_t other_loops = 6;   ///< besides the workers'
constexpr std::uint64_t for_one_address = 3;  ///< in each worker: UDP, TCP, one to take what cannot be kept
constexpr std::uint64_t for_files = 64;       ///< read by a reload, inotify, what is asked of /proc
constexpr std::uint64_t for_host_names = 128; ///< questions for host names, over UDP or TCP
constexpr std::uint64_t most_probes = 512;    ///< of health and of loops
constexpr std::uint64_t probes_of_one = 8;    ///< upstream
constexpr std::uint64_t least_upstreams = 8;  ///< that a reload may always bring
constexpr std::uint64_t most_descriptors = std::numeric_limits<int>::max();

}  // namespace

DescriptorBudget share_out(const DescriptorNeeds& needs) {
    const std::uint64_t limit = std::min(needs.limit, most_descriptors);
    const std::uint64_t workers = needs.workers;
    const std::uint64_t upstreams = std::max<std::uint64_t>(needs.upstreams, least_upstreams);
    const std::uint64_t always_open =
        16 + for_one_loop * (workers + other_loops) + for_one_address * workers * needs.addresses;
    // Those in use, and those replaced that are still read.
    const std::uint64_t sockets = upstreams * workers * (proxy::usual_sockets + 2);
    const std::uint64_t others = for_files + for_host_names + needs.http_connections +
                                 std::min(most_probes, upstreams * probes_of_one) + sockets;

    DescriptorBudget budget;
    const std::uint64_t left = limit - std::min(limit, always_open);
    const std::uint64_t reserve = std::min(others, left / 2);
    budget.first_reserved = static_cast<int>(limit - reserve);
    // What clients over TCP ask goes by TCP to upstreams too, a few connections for many clients.
    const std::uint64_t for_tcp = left - reserve;
    const std::uint64_t for_clients = for_tcp - for_tcp / 4;
    budget.tcp_connections =
        static_cast<std::uint32_t>(std::clamp<std::uint64_t>(for_clients, 1, needs.tcp_connections));
    budget.transfers =
        static_cast<std::uint32_t>(std::clamp<std::uint64_t>(for_tcp / 8 / workers, 1, proxy::max_transfers));
    const std::uint64_t for_all_clients = std::uint64_t{needs.tcp_connections} * 4 / 3 + 1;
    budget.wanted_limit = always_open + std::max(2 * others, others + for_all_clients);
    return budget;
}

std::uint64_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return most_descriptors;
    const rlimit before = limit;
    limit.rlim_cur = limit.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before.rlim_cur;
}

}  // namespace dproxy::server
