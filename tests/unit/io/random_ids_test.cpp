// SPDX-License-Identifier: MIT
#include "io/random_ids.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <vector>

#include "catch.hpp"

using dproxy::io::RandomIds;

namespace {

constexpr std::size_t portion = 2048;

std::vector<std::uint16_t> draw(RandomIds& ids, std::size_t count) {
    std::vector<std::uint16_t> drawn;
    for (std::size_t i = 0; i < count; ++i) drawn.push_back(ids.next());
    return drawn;
}

}  // namespace

TEST_CASE("no portion of IDs is another one, of one source or of two", "[random_ids]") {
    RandomIds one;
    RandomIds other;
    const auto first = draw(one, portion);
    CHECK(draw(one, portion) != first);
    CHECK(draw(other, portion) != first);
}

TEST_CASE("each bit of an ID is as often set as not", "[random_ids]") {
    // Half of the draws, give or take 8 standard deviations of 128: chance is out by that much once in 10^14 runs.
    constexpr std::size_t draws = 1 << 16;
    RandomIds ids;
    std::array<std::size_t, 16> set{};
    for (std::size_t i = 0; i < draws; ++i) {
        const std::bitset<16> id(ids.next());
        for (std::size_t bit = 0; bit < set.size(); ++bit) set[bit] += id[bit] ? 1 : 0;
    }
    for (const std::size_t count : set) {
        CHECK(count > draws / 2 - 8 * 128);
        CHECK(count < draws / 2 + 8 * 128);
    }
}

TEST_CASE("an ID says nothing of the next one", "[random_ids]") {
    // Differences that repeat would be a counter's; in 2^12 draws the most frequent one of 2^16 comes a few times.
    RandomIds ids;
    std::vector<unsigned> seen(1 << 16);
    unsigned most = 0;
    std::uint16_t last = ids.next();
    for (int i = 0; i < 1 << 12; ++i) {
        const std::uint16_t id = ids.next();
        most = std::max(most, ++seen[static_cast<std::uint16_t>(id - last)]);
        last = id;
    }
    CHECK(most < 20);
}
