// SPDX-License-Identifier: MIT
#include "upstreams/waiting_queries.hpp"

#include "catch.hpp"

using namespace dproxy::proxy;

TEST_CASE("queries wait in the order they came, until they are taken out", "[waiting_queries]") {
    WaitingQueries waiting;
    CHECK(waiting.empty());
    for (const QueryIndex query : {5u, 3u, 4u}) waiting.add({query, query == 3});
    CHECK(waiting.first().query == 5);
    CHECK(waiting.remove(5));
    CHECK_FALSE(waiting.remove(5));
    CHECK(waiting.first().query == 3);
    CHECK(waiting.first().served_only);
    CHECK(waiting.remove(4));
    CHECK(waiting.remove(3));
    CHECK(waiting.empty());
}

TEST_CASE("so many wait, and no more", "[waiting_queries]") {
    WaitingQueries waiting;
    for (QueryIndex query = 0; query < max_waiting_for_stream; ++query) {
        REQUIRE_FALSE(waiting.is_full());
        waiting.add({query, false});
    }
    CHECK(waiting.is_full());
    CHECK(waiting.remove(7));
    CHECK_FALSE(waiting.is_full());
}
