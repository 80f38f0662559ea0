// SPDX-License-Identifier: MIT
// How much memory this process may use.
#pragma once

#include <cstdint>
#include <optional>

namespace dproxy::server {

/// Bytes, by the cgroup (of any level above, version 2 or 1); nothing where there is no limit.
std::optional<std::uint64_t> cgroup_memory_limit();

/// `max_buffered`, and `cache_size`, each, where the operator leaves it to us: 64 MiB, or a quarter of the limit where
/// that is less.
std::uint64_t default_max_buffered(std::optional<std::uint64_t> limit);

}  // namespace dproxy::server
