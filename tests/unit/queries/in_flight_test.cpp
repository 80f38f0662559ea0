// SPDX-License-Identifier: MIT
#include "queries/in_flight.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include <set>
#include <vector>

#include "catch.hpp"
#include "queries/limits.hpp"

using namespace dproxy::proxy;
using Message = std::vector<std::uint8_t>;

TEST_CASE("the table holds a copy of each message", "[in_flight]") {
    InFlightTable queries(4);
    Message message(40, 1);
    const QueryIndex first = queries.take(message);
    message.assign(60, 2);
    const QueryIndex second = queries.take(message);
    REQUIRE(first != no_query);
    REQUIRE(second != no_query);
    CHECK(queries.size() == 2);
    CHECK(queries.message(first).size() == 40);
    CHECK(queries.message(first)[39] == 1);
    CHECK(queries.message(second)[59] == 2);
}

TEST_CASE("messages of every size are stored whole", "[in_flight]") {
    InFlightTable queries(2);
    for (const std::size_t size : {12u, 511u, 512u, 513u, 65535u}) {
        Message message(size);
        for (std::size_t i = 0; i < size; ++i) message[i] = static_cast<std::uint8_t>(i * 31);
        const QueryIndex index = queries.take(message);
        REQUIRE(index != no_query);
        const auto stored = queries.message(index);
        CHECK(std::equal(stored.begin(), stored.end(), message.begin(), message.end()));
        queries.release(index);
    }
}

TEST_CASE("a message grows by as much as was asked for", "[in_flight]") {
    InFlightTable queries(1);
    for (const std::size_t size : {12u, 490u, 500u, 512u, 513u, 65530u, 65535u}) {
        const Message message(size, 7);
        const QueryIndex index = queries.take(message, 30);
        REQUIRE(index != no_query);
        const auto room = queries.room(index, 30);
        CHECK(room.size() == std::min<std::size_t>(size + 30, 65535));
        CHECK(room.data() == queries.message(index).data());
        std::fill(room.begin() + static_cast<std::ptrdiff_t>(size), room.end(), std::uint8_t{9});
        queries.set_length(index, room.size());
        const auto stored = queries.message(index);
        CHECK(stored.size() == room.size());
        CHECK(std::equal(message.begin(), message.end(), stored.begin()));
        queries.release(index);
    }
}

TEST_CASE("a preface stands in front of the message, and moves nothing of it", "[in_flight]") {
    InFlightTable queries(3);
    for (const std::size_t size : {12u, 512u, 513u, 65535u}) {
        const Message before(512, 1), message(size, 2), behind(512, 3), preface(preface_room, 4);
        const QueryIndex first = queries.take(before);
        const QueryIndex index = queries.take(message);
        const QueryIndex last = queries.take(behind);
        CHECK(queries.preface(index).empty());
        CHECK(queries.datagram(index).data() == queries.message(index).data());
        for (const std::size_t length : {std::size_t{28}, preface_room}) {
            queries.set_preface(index, std::span(preface).first(length));
            Message expected(length, 4);
            expected.insert(expected.end(), message.begin(), message.end());
            const auto datagram = queries.datagram(index);
            CHECK(std::equal(expected.begin(), expected.end(), datagram.begin(), datagram.end()));
            CHECK(queries.preface(index).size() == length);
        }
        CHECK(queries.message(first).back() == 1);
        CHECK(queries.message(last).front() == 3);
        for (const QueryIndex one : {first, index, last}) queries.release(one);
        const QueryIndex again = queries.take(message);
        CHECK(queries.preface(again).empty());
        queries.release(again);
    }
}

TEST_CASE("a full table takes no more, and a place is given out again clean", "[in_flight]") {
    InFlightTable queries(2);
    const Message message(12);
    const QueryIndex first = queries.take(message);
    queries.take(message);
    CHECK(queries.take(message) == no_query);
    queries[first].client_id = 3;
    const auto serial = queries[first].serial;
    queries.release(first);
    CHECK_FALSE(queries[first].in_use);
    CHECK(queries.size() == 1);
    const QueryIndex again = queries.take(message);
    CHECK(again == first);
    CHECK(queries[again].client_id == 0);
    CHECK(queries[again].serial != serial);
}

TEST_CASE("memory of places that are no longer in use goes back, and the places are good again", "[in_flight]") {
    InFlightTable table(4 * places_kept);
    const std::vector<std::uint8_t> message(40, 7);
    std::vector<QueryIndex> taken;
    for (std::uint32_t i = 0; i < 4 * places_kept; ++i) taken.push_back(table.take(message));
    CHECK(table.take(message) == no_query);
    CHECK(table.bytes() == 4 * places_kept * InFlightTable::bytes_of_one());
    const QueryIndex stays = taken[2 * places_kept];
    for (const QueryIndex index : taken) {
        if (index != stays) table.release(index);
    }
    table.trim();
    CHECK(table.places() == 4 * places_kept);  // so many were needed a moment ago
    table.trim();
    CHECK(table.places() == stays + 1);
    table.release(stays);
    table.trim();
    table.trim();
    CHECK(table.places() == places_kept);
    CHECK(table.bytes() == 0);
    std::set<QueryIndex> again;
    for (std::uint32_t i = 0; i < 4 * places_kept; ++i) again.insert(table.take(message));
    CHECK(again.size() == 4 * places_kept);
    for (const QueryIndex index : again) {
        REQUIRE(index != no_query);
        REQUIRE(table[index].in_use);
    }
}

TEST_CASE("long messages and kept replies count with their bytes", "[in_flight]") {
    InFlightTable table(4);
    const std::vector<std::uint8_t> large(60'000, 7);
    const QueryIndex index = table.take(large);
    CHECK(table.bytes_of(index) >= large.size() + InFlightTable::bytes_of_one());
    table.keep_reply(index, large, true, dproxy::dns::AddedSubnet::nothing);
    CHECK(table.bytes_of(index) >= 2 * large.size());
    CHECK(table.bytes() == table.bytes_of(index));
    CHECK(table.take_reply(index)->message == large);
    CHECK(table.take_reply(index) == nullptr);
    CHECK(table.bytes() < 2 * large.size());
    table.release(index);
    CHECK(table.bytes() == 0);
}
