// SPDX-License-Identifier: MIT
#include "relay/merged_queries.hpp"

#include "catch.hpp"

using namespace dproxy::proxy;

namespace {

std::vector<QueryIndex> followers(const MergedQueries& merged, QueryIndex leader) {
    std::vector<QueryIndex> list;
    merged.list_followers(leader, list);
    return list;
}

struct Fixture {
    Fixture() { merged.open(1000); }
    QueryIndex find(std::uint64_t hash) const {
        return merged.find(hash, [](QueryIndex) { return true; });
    }
    MergedQueries merged;
};

}  // namespace

TEST_CASE("who asks the same follows who asked first", "[merged_queries]") {
    Fixture fixture;
    CHECK(fixture.find(7) == no_query);
    fixture.merged.lead(3, 7);
    CHECK(fixture.find(7) == 3);
    CHECK(fixture.merged.find(7, [](QueryIndex) { return false; }) == no_query);
    fixture.merged.follow(4, 3);
    fixture.merged.follow(2, 3);
    fixture.merged.follow(9, 3);
    CHECK(followers(fixture.merged, 3) == std::vector<QueryIndex>{4, 2, 9});
    CHECK(fixture.merged.hash_of(2) == 7);
    CHECK(fixture.merged.leave(2) == no_query);
    CHECK(followers(fixture.merged, 3) == std::vector<QueryIndex>{4, 9});
    CHECK(fixture.merged.leave(4) == no_query);
    CHECK(fixture.merged.leave(9) == no_query);
    CHECK(fixture.merged.leave(3) == no_query);
    CHECK(fixture.find(7) == no_query);
}

TEST_CASE("the first follower leads when the leader goes", "[merged_queries]") {
    Fixture fixture;
    fixture.merged.lead(3, 7);
    for (const QueryIndex one : {4u, 2u, 9u}) fixture.merged.follow(one, 3);
    CHECK(fixture.merged.leave(3) == 4);
    CHECK(fixture.find(7) == 4);
    CHECK(followers(fixture.merged, 4) == std::vector<QueryIndex>{2, 9});
    fixture.merged.follow(5, 4);
    CHECK(fixture.merged.leave(4) == 2);
    CHECK(followers(fixture.merged, 2) == std::vector<QueryIndex>{9, 5});
}

TEST_CASE("leaders of one bucket are told apart", "[merged_queries]") {
    Fixture fixture;
    constexpr std::uint64_t step = 1u << 20;  // the same bucket, whatever their number
    for (QueryIndex index = 0; index < 5; ++index) fixture.merged.lead(index, 1 + index * step);
    for (QueryIndex index = 0; index < 5; ++index) CHECK(fixture.find(1 + index * step) == index);
    CHECK(fixture.merged.leave(2) == no_query);
    CHECK(fixture.find(1 + 2 * step) == no_query);
    CHECK(fixture.find(1 + 1 * step) == 1);
    CHECK(fixture.find(1 + 4 * step) == 4);
}
