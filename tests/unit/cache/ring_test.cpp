// SPDX-License-Identifier: MIT
#include "cache/ring.hpp"

#include <vector>

#include "catch.hpp"

using namespace dproxy::cache;

namespace {

/// A record of so many units, each word of which but the first is `mark`.
std::vector<Word> record(std::size_t units, Word mark) {
    std::vector<Word> words(units * words_per_unit, mark);
    words[0] = units | Word{0xffffffff} << 32;  // the upper half is the record's own
    return words;
}

struct Fixture {
    explicit Fixture(std::size_t units) : memory(units * words_per_unit), ring(memory) {}
    void make_room(std::size_t units) {
        while (!ring.has_room(units)) ring.drop_oldest();
    }
    std::vector<Word> memory;
    Ring ring;
};

}  // namespace

TEST_CASE("records are read where they were put until they are dropped", "[ring]") {
    Fixture fixture(16);
    Ring& ring = fixture.ring;
    const Position first = ring.append(record(3, 7));
    const Position second = ring.append(record(4, 8));
    CHECK(ring.used_units() == 7);
    std::vector<Word> read(6);
    ring.read(first, 0, read);
    CHECK(ring.holds(first));
    CHECK(read == record(3, 7));
    CHECK(ring.position_of(static_cast<std::uint32_t>(second)) == second);
    CHECK(ring.oldest() == first);
    ring.drop_oldest();
    CHECK_FALSE(ring.holds(first));
    CHECK_FALSE(ring.position_of(static_cast<std::uint32_t>(first)));
    CHECK(ring.holds(second));
}

TEST_CASE("a record never wraps round the end: what is left there is filled", "[ring]") {
    Fixture fixture(10);
    Ring& ring = fixture.ring;
    ring.append(record(4, 1));
    ring.append(record(4, 2));
    CHECK_FALSE(ring.has_room(3));
    ring.drop_oldest();
    REQUIRE(ring.has_room(3));
    const Position third = ring.append(record(3, 3));
    CHECK(third == 10);
    CHECK(ring.used_units() == 9);  // 4, 2 that are filled, 3
    std::vector<Word> read(6);
    ring.read(third, 0, read);
    CHECK(read == record(3, 3));
    ring.drop_oldest();
    CHECK(ring.oldest() == third);
    CHECK(ring.used_units() == 3);
}

TEST_CASE("round and round, for any sizes, the newest records are whole", "[ring]") {
    Fixture fixture(97);
    std::vector<Position> positions;
    for (Word number = 1; number < 5000; ++number) {
        const std::size_t units = 1 + number * 7 % 23;
        fixture.make_room(units);
        positions.push_back(fixture.ring.append(record(units, number)));
        REQUIRE(fixture.ring.used_units() <= 97);
        const std::size_t last = positions.size() - 1;
        for (std::size_t back = 0; back <= std::min<std::size_t>(last, 3); ++back) {
            const Position position = positions[last - back];
            if (!fixture.ring.holds(position)) continue;
            const Word made = number - back;
            std::vector<Word> read((1 + made * 7 % 23) * words_per_unit);
            fixture.ring.read(position, 0, read);
            REQUIRE(read == record(1 + made * 7 % 23, made));
        }
    }
}
