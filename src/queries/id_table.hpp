// SPDX-License-Identifier: MIT
// The message IDs in use on one upstream socket, each with the query it belongs to. One step finds it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "io/random_ids.hpp"

namespace dproxy::proxy {

/// A place in the slab of queries in flight.
using QueryIndex = std::uint32_t;
inline constexpr QueryIndex no_query = 0xffffffff;

class IdTable {
public:
    static constexpr std::size_t places = 4096;
    /// Draws before the socket counts as full: at half its places taken, one in 256 queries goes elsewhere.
    static constexpr int max_draws = 8;

    IdTable() : queries_(new std::uint32_t[places]()) {}

    /// An unpredictable ID for the query, or nothing where the table is too full.
    std::optional<std::uint16_t> take(QueryIndex query, io::RandomIds& random) {
        for (int draw = 0; draw < max_draws; ++draw) {
            const std::uint16_t id = random.next();
            std::uint32_t& place = queries_[id % places];
            if (place != 0) continue;
            place = query + 1;
            return id;
        }
        return std::nullopt;
    }
    /// The query that has the place of this ID. It may have been given another ID: the caller compares.
    QueryIndex find(std::uint16_t id) const { return queries_[id % places] - 1; }
    void release(std::uint16_t id) { queries_[id % places] = 0; }

    template <typename Visit>
    void for_each(Visit visit) const {
        for (std::size_t i = 0; i < places; ++i) {
            if (queries_[i] != 0) visit(queries_[i] - 1);
        }
    }

private:
    std::unique_ptr<std::uint32_t[]> queries_;  ///< index + 1; 0 is free
};

}  // namespace dproxy::proxy
