// SPDX-License-Identifier: MIT
#include "cache/ghosts.hpp"

#include <vector>

#include "catch.hpp"

using dproxy::cache::Ghosts;

namespace {

std::uint64_t hash(std::uint64_t number) { return number * 0x9e3779b97f4a7c15; }

}  // namespace

TEST_CASE("a ghost is taken once", "[ghosts]") {
    std::vector<std::uint64_t> memory(64);
    Ghosts ghosts(memory);
    CHECK_FALSE(ghosts.take(hash(1)));
    ghosts.add(hash(1));
    CHECK(ghosts.take(hash(1)));
    CHECK_FALSE(ghosts.take(hash(1)));
}

TEST_CASE("ghosts are forgotten after as many others as there is room to remember", "[ghosts]") {
    std::vector<std::uint64_t> memory(64);
    Ghosts ghosts(memory);
    for (std::uint64_t number = 1; number <= 1000; ++number) ghosts.add(hash(number));
    CHECK_FALSE(ghosts.take(hash(1)));
    CHECK_FALSE(ghosts.take(hash(1000 - 33)));
    CHECK(ghosts.take(hash(1000)));
    int remembered = 0;
    for (std::uint64_t number = 960; number < 1000; ++number) remembered += ghosts.take(hash(number)) ? 1 : 0;
    CHECK(remembered > 16);
    CHECK(remembered <= 32);
}
