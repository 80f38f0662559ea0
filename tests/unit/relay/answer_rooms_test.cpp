// SPDX-License-Identifier: MIT
#include "relay/answer_rooms.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "catch.hpp"

using dproxy::dns::MutableBytes;
using dproxy::proxy::AnswerRooms;

TEST_CASE("rooms for answers do not lie in each other until they are cleared", "[answer_rooms]") {
    AnswerRooms rooms;
    std::vector<MutableBytes> taken;
    for (std::size_t number = 0; number < 400; ++number) {
        const std::size_t bytes = number % 7 == 0 ? AnswerRooms::piece_bytes - number : 100 + number;
        const MutableBytes room = rooms.take(bytes);
        REQUIRE(room.size() == bytes);
        std::fill(room.begin(), room.end(), static_cast<std::uint8_t>(number));
        taken.push_back(room);
    }
    for (std::size_t number = 0; number < taken.size(); ++number) {
        const auto is_its_own = [&](std::uint8_t byte) { return byte == static_cast<std::uint8_t>(number); };
        REQUIRE(std::all_of(taken[number].begin(), taken[number].end(), is_its_own));
    }
}

TEST_CASE("rooms for answers are used again, the first ones first", "[answer_rooms]") {
    AnswerRooms rooms;
    rooms.clear();
    const auto take_all = [&](std::size_t count) {
        std::set<std::uint8_t*> begins;
        for (std::size_t number = 0; number < count; ++number) {
            begins.insert(rooms.take(AnswerRooms::piece_bytes).data());
        }
        rooms.clear();
        return begins;
    };
    const auto kept = take_all(AnswerRooms::most_blocks_kept);
    CHECK(kept.size() == AnswerRooms::most_blocks_kept);
    CHECK(take_all(AnswerRooms::most_blocks_kept) == kept);
    const auto more = take_all(2 * AnswerRooms::most_blocks_kept);
    CHECK(std::includes(more.begin(), more.end(), kept.begin(), kept.end()));
    // What was beyond it is gone, and what stays is as before.
    CHECK(take_all(AnswerRooms::most_blocks_kept) == kept);
}
