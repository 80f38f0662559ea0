// SPDX-License-Identifier: MIT
// Queries in flight that ask the same: one of them leads, and the others follow, which wait for its reply. So the same
// question is asked once at a time, and who forges replies has one ID and one port to guess, not many (RFC 5452 5).
#pragma once

#include <cstdint>
#include <vector>

#include "queries/in_flight.hpp"

namespace dproxy::proxy {

/// One thread. Knows queries by their index; a query that ends is to leave().
class MergedQueries {
public:
    /// First, where any route merges. Nothing happens where it was called before. `capacity`: of the queries in flight.
    void open(std::uint32_t capacity);
    bool is_open() const { return !buckets_.empty(); }

    /// The leader of that hash that asks the same, as `is_same` says of it; no_query where there is none.
    template <typename IsSame>
    QueryIndex find(std::uint64_t hash, const IsSame& is_same) const {
        for (QueryIndex leader = bucket(hash); leader != no_query; leader = places_[leader].next_leader) {
            if (places_[leader].hash == hash && is_same(leader)) return leader;
        }
        return no_query;
    }
    void lead(QueryIndex query, std::uint64_t hash);
    void follow(QueryIndex query, QueryIndex leader);
    /// It ended. Of a leader that had followers yet, the first one leads from now on, and is returned; else no_query.
    QueryIndex leave(QueryIndex query);

    std::uint64_t hash_of(QueryIndex query) const { return places_[query].hash; }
    /// Of a leader, in the order they came; appended.
    void list_followers(QueryIndex leader, std::vector<QueryIndex>& out) const;

private:
    struct Place {
        std::uint64_t hash = 0;
        QueryIndex leader = no_query;  ///< no_query: it leads
        QueryIndex next_leader = no_query;  ///< in its bucket
        QueryIndex first = no_query, last = no_query;  ///< of a leader's followers
        QueryIndex previous = no_query, next = no_query;  ///< among the followers
    };
    const QueryIndex& bucket(std::uint64_t hash) const { return buckets_[hash & (buckets_.size() - 1)]; }
    QueryIndex& bucket(std::uint64_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }
    Place& fresh_place(QueryIndex query);
    void unlink_leader(QueryIndex leader);
    void unlink_follower(QueryIndex follower);

    std::vector<QueryIndex> buckets_;
    std::vector<Place> places_;  ///< by index; as many as were ever needed
};

}  // namespace dproxy::proxy
