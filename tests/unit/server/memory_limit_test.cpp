// SPDX-License-Identifier: MIT
#include "server/memory_limit.hpp"

#include "catch.hpp"

using namespace dproxy::server;

namespace {
constexpr std::uint64_t mib = std::uint64_t{1} << 20;
}

TEST_CASE("buffers have 64 MiB, or a quarter of what there is", "[memory_limit]") {
    CHECK(default_max_buffered(std::nullopt) == 64 * mib);
    CHECK(default_max_buffered(1024 * mib) == 64 * mib);
    CHECK(default_max_buffered(256 * mib) == 64 * mib);
    CHECK(default_max_buffered(256 * mib - 4) == 64 * mib - 1);
    CHECK(default_max_buffered(100 * mib) == 25 * mib);
    CHECK(default_max_buffered(16 * mib) == 4 * mib);
}

TEST_CASE("buffers have a few MiB however little there is", "[memory_limit]") {
    CHECK(default_max_buffered(16 * mib - 4) == 4 * mib);
    CHECK(default_max_buffered(1) == 4 * mib);
    CHECK(default_max_buffered(0) == 4 * mib);
    CHECK(default_max_buffered(~std::uint64_t{0}) == 64 * mib);
}

TEST_CASE("a limit of this process, where there is one, is a size that it can live in", "[memory_limit]") {
    const auto limit = cgroup_memory_limit();
    if (limit) CHECK(*limit > mib);
    if (limit) CHECK(*limit < std::uint64_t{1} << 62);
}
