// SPDX-License-Identifier: MIT
#include "cache/answer_index.hpp"

#include <optional>
#include <vector>

#include "catch.hpp"

using namespace dproxy::cache;

namespace {

constexpr std::uint64_t hash = 0xabcd'0000'0000'0000;

struct Fixture {
    std::vector<std::uint64_t> memory = std::vector<std::uint64_t>(64);
    AnswerIndex index{memory};

    std::optional<AnswerIndex::Instead> find(std::uint64_t of, std::uint32_t position) {
        AnswerIndex::Instead found;
        const bool any = index.find(of, [&](const Slot& slot, std::size_t number) {
            found = {number, slot};
            return slot.position == position;
        });
        return any ? std::optional(found) : std::nullopt;
    }
};

}  // namespace

TEST_CASE("a slot keeps all that was put into it", "[answer_index]") {
    Fixture fixture;
    REQUIRE(fixture.index.put(hash, Slot::max_rings - 1, 0xffffffff, nullptr));
    const auto found = fixture.find(hash, 0xffffffff);
    REQUIRE(found);
    CHECK(found->as_seen.ring == Slot::max_rings - 1);
    CHECK(found->as_seen.credit == 0);
    CHECK(found->as_seen.hits == 0);
    REQUIRE(fixture.index.put(hash, 0, 0, nullptr));
    CHECK(fixture.find(hash, 0));
    CHECK_FALSE(fixture.find(hash ^ std::uint64_t{1} << 60, 0));
}

TEST_CASE("askings are counted as far as they can be", "[answer_index]") {
    Fixture fixture;
    fixture.index.put(hash, 1, 2, nullptr);
    for (int i = 0; i < 300; ++i) {
        const auto seen = fixture.find(hash, 2);
        REQUIRE(seen);
        fixture.index.count_hit(seen->number, seen->as_seen);
    }
    const auto seen = fixture.find(hash, 2);
    CHECK(seen->as_seen.credit == Slot::max_credit);
    CHECK(seen->as_seen.hits == Slot::max_hits);
    REQUIRE(fixture.index.put(hash, 3, 4, &*seen));
    const auto refreshed = fixture.find(hash, 4);
    REQUIRE(refreshed);
    CHECK(refreshed->as_seen.credit == Slot::max_credit);
    CHECK(refreshed->as_seen.hits == 0);
    CHECK_FALSE(fixture.find(hash, 2));
}

TEST_CASE("what was seen and is another's by now is not touched", "[answer_index]") {
    Fixture fixture;
    fixture.index.put(hash, 1, 2, nullptr);
    const auto seen = fixture.find(hash, 2);
    REQUIRE(fixture.index.put(hash, 1, 3, &*seen));
    CHECK_FALSE(fixture.index.remove(seen->number, seen->as_seen));
    CHECK_FALSE(fixture.index.move(seen->number, seen->as_seen, 1, 9, 0));
    CHECK_FALSE(fixture.index.put(hash, 1, 9, &*seen));
    fixture.index.count_hit(seen->number, seen->as_seen);
    CHECK(fixture.find(hash, 3)->as_seen.hits == 0);
}

TEST_CASE("two buckets that are full lose the one with least credit", "[answer_index]") {
    Fixture fixture;
    constexpr std::uint32_t room = 2 * AnswerIndex::ways;
    for (std::uint32_t position = 0; position < room; ++position) {
        fixture.index.put(hash, 1, position, nullptr);
        const auto seen = fixture.find(hash, position);
        REQUIRE(seen);
        if (position != 13) fixture.index.count_hit(seen->number, seen->as_seen);
    }
    REQUIRE(fixture.index.put(hash, 1, 100, nullptr));
    CHECK_FALSE(fixture.find(hash, 13));
    CHECK(fixture.find(hash, 100));
    for (std::uint32_t position = 0; position < room; ++position) {
        if (position != 13) CHECK(fixture.find(hash, position));
    }
}
