// SPDX-License-Identifier: MIT
#include "relay/merged_queries.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

namespace dproxy::proxy {

namespace {

constexpr std::uint32_t least_buckets = 64;
constexpr std::uint32_t queries_for_a_bucket = 4;

}  // namespace

void MergedQueries::open(std::uint32_t capacity) {
    if (is_open()) return;
    buckets_.assign(std::bit_ceil(std::max(capacity / queries_for_a_bucket, least_buckets)), no_query);
}

MergedQueries::Place& MergedQueries::fresh_place(QueryIndex query) {
    if (query >= places_.size()) places_.resize(std::size_t{query} + 1);
    return places_[query] = Place{};
}

void MergedQueries::lead(QueryIndex query, std::uint64_t hash) {
    Place& place = fresh_place(query);
    place.hash = hash;
    place.next_leader = std::exchange(bucket(hash), query);
}

void MergedQueries::follow(QueryIndex query, QueryIndex leader) {
    Place& place = fresh_place(query);
    Place& of_leader = places_[leader];
    assert(of_leader.leader == no_query);
    place.hash = of_leader.hash;
    place.leader = leader;
    place.previous = of_leader.last;
    (of_leader.last == no_query ? of_leader.first : places_[of_leader.last].next) = query;
    of_leader.last = query;
}

QueryIndex MergedQueries::leave(QueryIndex query) {
    if (places_[query].leader != no_query) {
        unlink_follower(query);
        return no_query;
    }
    unlink_leader(query);
    const QueryIndex heir = places_[query].first;
    if (heir == no_query) return no_query;
    std::vector<QueryIndex> others;
    list_followers(query, others);
    lead(heir, places_[query].hash);
    for (const QueryIndex other : others) {
        if (other != heir) follow(other, heir);
    }
    return heir;
}

void MergedQueries::unlink_leader(QueryIndex leader) {
    QueryIndex* at = &bucket(places_[leader].hash);
    while (*at != leader) at = &places_[*at].next_leader;
    *at = places_[leader].next_leader;
}

void MergedQueries::unlink_follower(QueryIndex follower) {
    const Place& place = places_[follower];
    Place& leader = places_[place.leader];
    (place.previous == no_query ? leader.first : places_[place.previous].next) = place.next;
    (place.next == no_query ? leader.last : places_[place.next].previous) = place.previous;
}

void MergedQueries::list_followers(QueryIndex leader, std::vector<QueryIndex>& out) const {
    for (QueryIndex one = places_[leader].first; one != no_query; one = places_[one].next) out.push_back(one);
}

}  // namespace dproxy::proxy
