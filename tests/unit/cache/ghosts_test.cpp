// SPDX-License-Identifier: MIT
#include "cache/ghosts.hpp"

#include <vector>

#include "catch.hpp"

using dproxy::cache::Ghosts;

namespace {

std::uint64_t hash(std::uint64_t number) { return number * 0x9e3779b97f4a7c15; }

}  // namespace

TEST_CASE("a ghost is taken once", "[ghosts]") {
    std::vector<std::uint32_t> memory(64);
    Ghosts ghosts(memory);
    CHECK_FALSE(ghosts.take(hash(1)));
    ghosts.add(hash(1));
    CHECK(ghosts.take(hash(1)));
    CHECK_FALSE(ghosts.take(hash(1)));
}

TEST_CASE("ghosts are forgotten where there is no room for more", "[ghosts]") {
    std::vector<std::uint32_t> memory(64);
    Ghosts ghosts(memory);
    for (std::uint64_t number = 1; number <= 1000; ++number) ghosts.add(hash(number));
    CHECK(ghosts.take(hash(1000)));
    int remembered = 0;
    for (std::uint64_t number = 1; number < 1000; ++number) remembered += ghosts.take(hash(number)) ? 1 : 0;
    CHECK(remembered > 32);
    CHECK(remembered <= 64);
}

TEST_CASE("ghosts are forgotten after three quarters as many others as there is room for", "[ghosts]") {
    constexpr std::uint64_t room = 1 << 16, added = 3 * room, kept = room * 3 / 4;
    std::vector<std::uint32_t> memory(room);
    Ghosts ghosts(memory);
    for (std::uint64_t number = 1; number <= added; ++number) ghosts.add(hash(number));
    std::uint64_t young = 0, old = 0;
    for (std::uint64_t number = 1; number <= added; ++number) {
        (number > added - kept ? young : old) += ghosts.take(hash(number)) ? 1 : 0;
    }
    CHECK(young > kept * 9 / 10);
    CHECK(old < kept / 40);  // turns are rounded up, and now and then another has the same mark
}
