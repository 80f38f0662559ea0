// SPDX-License-Identifier: MIT
#include "server/memory_limit.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "server/cgroup.hpp"

namespace dproxy::server {

namespace {

constexpr std::uint64_t usual_max_buffered = std::uint64_t{64} << 20;
constexpr std::uint64_t least_max_buffered = std::uint64_t{4} << 20;
/// Version 1 writes a number near 2^63 where there is no limit.
constexpr std::uint64_t no_limit = std::uint64_t{1} << 62;

}  // namespace

std::optional<std::uint64_t> cgroup_memory_limit() {
    std::optional<std::uint64_t> least;
    for (const std::string& text : cgroup_texts("memory.max", "memory/memory.limit_in_bytes")) {
        std::uint64_t bytes = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
        if (error != std::errc{} || end == text.data() || bytes == 0 || bytes >= no_limit) continue;
        least = least ? std::min(*least, bytes) : bytes;
    }
    return least;
}

std::uint64_t default_max_buffered(std::optional<std::uint64_t> limit) {
    if (!limit) return usual_max_buffered;
    return std::clamp(*limit / 4, least_max_buffered, usual_max_buffered);
}

}  // namespace dproxy::server
