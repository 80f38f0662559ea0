// SPDX-License-Identifier: MIT
#include "queries/id_table.hpp"

#include <set>

#include "catch.hpp"

using dproxy::proxy::IdTable;
using dproxy::proxy::no_query;

TEST_CASE("an ID leads to its query until it is released", "[id_table]") {
    dproxy::io::RandomIds random;
    IdTable ids;
    const auto id = ids.take(7, random);
    REQUIRE(id);
    CHECK(ids.find(*id) == 7);
    ids.release(*id);
    CHECK(ids.find(*id) == no_query);
}

TEST_CASE("IDs in use on a socket never share a place", "[id_table]") {
    dproxy::io::RandomIds random;
    IdTable ids;
    std::set<std::size_t> places;
    std::uint32_t taken = 0;
    while (taken < IdTable::places / 2) {
        const auto id = ids.take(taken, random);
        if (!id) continue;
        CHECK(ids.find(*id) == taken);
        places.insert(*id % IdTable::places);
        ++taken;
    }
    CHECK(places.size() == taken);
    std::size_t visited = 0;
    ids.for_each([&](auto) { ++visited; });
    CHECK(visited == taken);
}

TEST_CASE("a full table says so and gives nothing out twice", "[id_table]") {
    dproxy::io::RandomIds random;
    IdTable ids;
    std::uint32_t taken = 0;
    // Far more draws than it takes to fill every place.
    for (int i = 0; i < 1'000'000 && taken < IdTable::places; ++i) {
        if (ids.take(taken, random)) ++taken;
    }
    REQUIRE(taken == IdTable::places);
    CHECK_FALSE(ids.take(0, random));
}

TEST_CASE("IDs are spread over the whole range", "[random_ids]") {
    dproxy::io::RandomIds random;
    std::set<std::uint16_t> seen;
    for (int i = 0; i < 10'000; ++i) seen.insert(random.next());
    // 10,000 draws of 65,536 give about 9,270 different ones; a counter or a short cycle would be far off.
    CHECK(seen.size() > 9'000);
    CHECK(seen.size() < 9'600);
    CHECK(*seen.begin() < 1'000);
    CHECK(*seen.rbegin() > 64'000);
}
