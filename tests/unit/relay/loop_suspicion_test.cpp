// SPDX-License-Identifier: MIT
#include "relay/loop_suspicion.hpp"

#include <array>
#include <string_view>

#include "catch.hpp"
#include "dns/ask.hpp"
#include "queries/limits.hpp"
#include "relay/limits.hpp"

using namespace dproxy;
using namespace dproxy::proxy;

namespace {

constexpr std::uint32_t limit = 10000;
constexpr std::uint64_t start = 1000 * second_ns;

QueryIndex put(InFlightTable& queries, std::string_view name, std::uint16_t type = dns::type::a,
               std::uint32_t route = 1) {
    std::array<std::uint8_t, dns::ask_capacity> message;
    const std::size_t length = dns::write_query(dns::Name::parse(name, false).name, type, 7, {}, message);
    const dns::Bytes written(message.data(), length);
    const QueryIndex index = queries.take(written);
    REQUIRE(index != no_query);
    queries[index].query = dns::read_query(written);
    queries[index].route = route;
    return index;
}

void put_many(InFlightTable& queries, std::uint32_t count, std::string_view name, std::uint16_t type = dns::type::a,
              std::uint32_t route = 1) {
    for (std::uint32_t i = 0; i < count; ++i) put(queries, name, type, route);
}

}  // namespace

TEST_CASE("a route with few queries in flight is not looked at", "[loop_suspicion]") {
    const LoopSuspicion suspicion;
    CHECK_FALSE(suspicion.is_due(suspicion_inflight - 1, limit, start));
    CHECK(suspicion.is_due(suspicion_inflight, limit, start));
    CHECK_FALSE(suspicion.is_due(5, 10, start));
    CHECK(suspicion.is_due(6, 10, start));
    CHECK_FALSE(suspicion.is_due(1, 1, start));
}

TEST_CASE("looks are some time apart", "[loop_suspicion]") {
    LoopSuspicion suspicion;
    InFlightTable queries(8);
    const QueryIndex query = put(queries, "x.test");
    suspicion.looks_like_a_loop(queries, query, limit, start);
    CHECK_FALSE(suspicion.is_due(limit, limit, start + suspicion_interval_ns - 1));
    CHECK(suspicion.is_due(limit, limit, start + suspicion_interval_ns));
}

TEST_CASE("many queries of one route that ask the same look like a loop", "[loop_suspicion]") {
    InFlightTable queries(100);
    put_many(queries, same_questions - 1, "X.test");
    const QueryIndex query = put(queries, "x.TEST");
    CHECK(LoopSuspicion().looks_like_a_loop(queries, query, limit, start));
    queries.release(0);
    CHECK_FALSE(LoopSuspicion().looks_like_a_loop(queries, query, limit, start));
    // Where a route may have few, a few are many.
    CHECK(LoopSuspicion().looks_like_a_loop(queries, query, 4, start));
}

TEST_CASE("queries that differ in name, type or route do not look like a loop", "[loop_suspicion]") {
    InFlightTable queries(1000);
    const QueryIndex query = put(queries, "x.test");
    put_many(queries, 50, "y.test");
    put_many(queries, 50, "x.test", dns::type::aaaa);
    put_many(queries, 50, "x.test", dns::type::a, 2);
    CHECK_FALSE(LoopSuspicion().looks_like_a_loop(queries, query, limit, start));
}

TEST_CASE("a look sees so many places, and the next look others", "[loop_suspicion]") {
    InFlightTable queries(2 * suspicion_places);
    put_many(queries, suspicion_places, "y.test");
    put_many(queries, same_questions, "x.test");
    const QueryIndex query = put(queries, "x.test");
    LoopSuspicion suspicion;
    CHECK_FALSE(suspicion.looks_like_a_loop(queries, query, limit, start));
    CHECK(suspicion.looks_like_a_loop(queries, query, limit, start + second_ns));
}
