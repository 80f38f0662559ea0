// SPDX-License-Identifier: MIT
#include "telemetry/history_places.hpp"

#include <map>
#include <numeric>

#include "catch.hpp"

using namespace dproxy::telemetry;

namespace {

/// Counters as they are told to be.
struct Invented final : CountsOfSlots {
    std::map<Slot, Counted> slots;

    std::uint64_t queries(Slot slot) const override { return counted(slot).queries; }
    Counted counted(Slot slot) const override {
        const auto found = slots.find(slot);
        return found == slots.end() ? Counted() : found->second;
    }
};

/// Looks at each second in turn.
struct Scene {
    Invented counters;
    HistoryPlaces places;
    std::vector<Slot> slots;
    std::int64_t second = -1;

    explicit Scene(std::size_t count) : slots(count) { std::iota(slots.begin(), slots.end(), Slot{0}); }
    void look(bool is_known = true) { places.look(++second, is_known, slots, counters); }
    void look_for(std::int64_t seconds) {
        for (std::int64_t i = 0; i < seconds; ++i) look();
    }
    Period last(Slot slot) const {
        const Past* past = places.find(slot);
        return past == nullptr ? Period() : past->second(second);
    }
};

}  // namespace

TEST_CASE("what came since is the difference of the counters", "[history_places]") {
    Counted before, now;
    before.queries = 0x1'0000'0000;
    now.queries = before.queries + 5;
    now.failures = 2;
    now.durations[3] = 4;
    const auto counts = now.since(before);
    REQUIRE(counts);
    CHECK((counts->queries == 5 && counts->failures == 2 && counts->durations[3] == 4));
    CHECK_FALSE(before.since(now));
    now.durations[3] = 0;
    before.durations[3] = 1;
    CHECK_FALSE(now.since(before));
}

TEST_CASE("who is asked has a past from the first query on", "[history_places]") {
    Scene scene(10);
    scene.look();
    CHECK(scene.places.slots().empty());
    scene.counters.slots[4].queries = 3;
    scene.look();
    CHECK(scene.places.slots() == std::vector<Slot>{4});
    CHECK(scene.last(4).queries == 3);
    scene.counters.slots[4].queries = 5;
    scene.counters.slots[4].failures = 1;
    scene.look();
    CHECK((scene.last(4).queries == 2 && scene.last(4).failures == 1));
    scene.look();
    CHECK((scene.last(4).is_known() && scene.last(4).queries == 0));
    CHECK(scene.places.left_out() == 0);
    CHECK(scene.places.find(5) == nullptr);
}

TEST_CASE("what was counted over a gap is nobody's", "[history_places]") {
    Scene scene(5);
    scene.look();
    scene.counters.slots[1].queries = 1;
    scene.look();
    scene.counters.slots[1].queries = 1001;
    scene.look(false);
    CHECK_FALSE(scene.last(1).is_known());
    scene.counters.slots[1].queries = 1002;
    scene.look();
    CHECK(scene.last(1).queries == 1);
}

TEST_CASE("counters that were cleared make no second of millions", "[history_places]") {
    Scene scene(5);
    scene.look();
    scene.counters.slots[1].queries = 100;
    scene.look();
    scene.counters.slots[1].queries = 2;
    scene.look();
    CHECK_FALSE(scene.last(1).is_known());
    scene.counters.slots[1].queries = 3;
    scene.look();
    CHECK(scene.last(1).queries == 1);
}

TEST_CASE("a slot that is another's begins anew", "[history_places]") {
    Scene scene(5);
    scene.look();
    scene.counters.slots[1].queries = 100;
    scene.look();
    scene.places.forget(1);
    CHECK(scene.places.find(1) == nullptr);
    scene.counters.slots[1].queries = 7;  // it was cleared
    scene.look();
    REQUIRE(scene.places.find(1) != nullptr);
    CHECK(scene.last(1).queries == 7);
    CHECK_FALSE(scene.places.find(1)->second(scene.second - 1).is_known());
}

TEST_CASE("of too many the busiest have a past, and the others are counted", "[history_places]") {
    Scene scene(most_pasts + 20);
    scene.look();
    for (const Slot slot : scene.slots) scene.counters.slots[slot].queries = slot + 1u;
    scene.look();
    CHECK(scene.places.left_out() == 20);
    CHECK(scene.places.find(0) == nullptr);
    CHECK(scene.places.find(19) == nullptr);
    CHECK(scene.places.find(20) != nullptr);
    CHECK(scene.places.slots().size() == most_pasts);
}

TEST_CASE("what was quiet for ten minutes makes room", "[history_places]") {
    Scene scene(most_pasts + 1);
    scene.look();
    for (Slot slot = 0; slot < most_pasts; ++slot) scene.counters.slots[slot].queries = 1;
    scene.look();
    const auto late = static_cast<Slot>(most_pasts);
    // All but one are asked on.
    for (std::int64_t i = 1; i < Past::seconds_kept; ++i) {
        for (Slot slot = 1; slot < most_pasts; ++slot) ++scene.counters.slots[slot].queries;
        ++scene.counters.slots[late].queries;
        scene.look();
        REQUIRE(scene.places.find(late) == nullptr);
        REQUIRE(scene.places.left_out() == 1);
    }
    ++scene.counters.slots[late].queries;
    scene.look();
    CHECK(scene.places.find(late) != nullptr);
    CHECK_FALSE(scene.last(late).is_known());  // it had been asked before
    ++scene.counters.slots[late].queries;
    scene.look();
    CHECK(scene.last(late).queries == 1);
    CHECK(scene.places.find(0) == nullptr);
    CHECK(scene.places.left_out() == 1);
    scene.look_for(3);
    CHECK(scene.places.find(late) != nullptr);
}

TEST_CASE("slots beyond those that are watched are left out", "[history_places]") {
    Scene scene(0);
    scene.slots = {1, most_slots_watched, 30'000};
    scene.counters.slots[1].queries = 1;
    scene.look();
    CHECK(scene.places.left_out() == 2);
    CHECK(scene.places.slots() == std::vector<Slot>{1});
}
