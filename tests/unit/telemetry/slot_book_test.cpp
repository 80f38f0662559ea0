// SPDX-License-Identifier: MIT
#include "telemetry/slot_book.hpp"

#include <algorithm>
#include <random>

#include "catch.hpp"

using namespace dproxy::telemetry;
using namespace std::chrono_literals;

namespace {

constexpr SlotBook::TimePoint start{};

SlotBook::Assignment assign(SlotBook& book, std::vector<std::string_view> labels, SlotBook::TimePoint now = start) {
    return book.assign(labels, now);
}

using Slots = std::vector<Slot>;

}  // namespace

TEST_CASE("labels get slots in order, after the reserved ones") {
    SlotBook book(first_route_slot, 10);
    const auto given = assign(book, {"a", "b", "c"});
    CHECK(given.slots == Slots{3, 4, 5});
    CHECK(given.to_clear.empty());
    CHECK(book.slot_count() == 23);
}

TEST_CASE("a label keeps its slot whatever comes and goes around it") {
    SlotBook book(first_upstream_slot, 10);
    assign(book, {"a", "b", "c"});
    const auto given = assign(book, {"new", "c", "a"});
    CHECK(given.slots == Slots{4, 3, 1});
    CHECK(given.to_clear.empty());
}

TEST_CASE("the same label twice has one slot") {
    SlotBook book(first_upstream_slot, 10);
    CHECK(assign(book, {"a", "a", "b"}).slots == Slots{1, 1, 2});
}

TEST_CASE("beyond the limit labels count as other, and those that have a slot keep it") {
    SlotBook book(first_upstream_slot, 2);
    CHECK(assign(book, {"a", "b", "c"}).slots == Slots{1, 2, other_slot});
    CHECK(assign(book, {"c", "a", "b"}).slots == Slots{other_slot, 1, 2});
    SECTION("a place that falls free goes to the next") {
        CHECK(assign(book, {"b", "c"}).slots == Slots{2, 3});
    }
}

TEST_CASE("a slot rests before another label has it, and must be cleared then") {
    SlotBook book(first_upstream_slot, 1);
    CHECK(assign(book, {"a"}).slots == Slots{1});
    CHECK(assign(book, {"b"}, start).slots == Slots{2});
    // Both slots that the book has are taken or rest.
    CHECK(assign(book, {"c"}, start + SlotBook::rest - 1ns).slots == Slots{other_slot});
    const auto given = assign(book, {"d"}, start + SlotBook::rest);
    CHECK(given.slots == Slots{1});
    CHECK(given.to_clear == Slots{1});
}

TEST_CASE("a label that comes back while its slot rests goes on counting there") {
    SlotBook book(first_upstream_slot, 4);
    assign(book, {"a", "b"});
    assign(book, {"b"});
    const auto given = assign(book, {"c", "a", "b"}, start + SlotBook::rest - 1s);
    CHECK(given.slots == Slots{3, 1, 2});
    CHECK(given.to_clear.empty());
}

TEST_CASE("a limit of none, and one that Slot cannot number") {
    SlotBook none(first_route_slot, 0);
    CHECK(assign(none, {"a"}).slots == Slots{other_slot});
    CHECK(none.slot_count() == first_route_slot);
    SlotBook huge(first_route_slot, 1'000'000);
    CHECK(huge.slot_count() == first_route_slot + 2 * SlotBook::max_limit);
    CHECK(huge.slot_count() <= 65536);
}

TEST_CASE("labels known by their places get the slots that listed ones get") {
    std::mt19937 random(3);
    for (int run = 0; run < 200; ++run) {
        const std::size_t limit = random() % 6;
        SlotBook listed(first_route_slot, limit);
        SlotBook placed(first_route_slot, limit);
        SlotBook::TimePoint now = start;
        for (int round = 0; round < 40; ++round) {
            now += std::chrono::minutes(random() % 4);
            std::vector<std::string> labels;
            for (int label = 0; label < 12; ++label)
                if (random() % 2 == 0) labels.push_back(std::string(1, static_cast<char>('a' + label)));
            std::shuffle(labels.begin(), labels.end(), random);
            SlotBook::ManyLabels many;
            many.count = labels.size();
            many.label_at = [&labels](std::size_t place) { return labels[place]; };
            many.place_of = [&labels](std::string_view label) {
                const auto at = std::find(labels.begin(), labels.end(), label);
                return at == labels.end() ? SlotBook::ManyLabels::nowhere
                                          : static_cast<std::size_t>(at - labels.begin());
            };
            const auto wanted = listed.assign(std::vector<std::string_view>(labels.begin(), labels.end()), now);
            const auto found = placed.assign(many, now);
            REQUIRE(found.slots == wanted.slots);
            REQUIRE(found.to_clear == wanted.to_clear);
        }
    }
}
