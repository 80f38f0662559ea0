// SPDX-License-Identifier: MIT
// When each query in flight has to be looked at again: a wheel of ticks, each with the list of its
// queries. Adding and removing are a few steps, whatever the number of queries. No clock: the time is given.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "queries/in_flight.hpp"
#include "queries/limits.hpp"

namespace dproxy::proxy {

class DeadlineQueue {
public:
    explicit DeadlineQueue(InFlightTable& queries) : queries_(queries) { heads_.fill(no_query); }

    /// The query is to be woken at the first advance() at or after `wake_ns`.
    void add(QueryIndex index, std::uint64_t wake_ns);
    /// Nothing happens where the query is not in the queue.
    void remove(QueryIndex index);
    bool empty() const { return size_ == 0; }

    /// Calls `wake` with each query that is due; it has been removed then, and may be added again. What
    /// is called may end other queries too.
    template <typename Wake>
    void advance(std::uint64_t now_ns, Wake wake) {
        collect_due(now_ns);
        for (const Due& due : due_) {
            const InFlight& entry = queries_[due.index];
            if (entry.in_use && entry.serial == due.serial && entry.wake_ns == 0) wake(due.index);
        }
        due_.clear();
    }

private:
    static constexpr std::uint64_t ticks = 2048;  ///< 8 s: a later time lies in its list for several rounds

    struct Due {
        QueryIndex index;
        std::uint32_t serial;
    };

    static std::size_t list_of(std::uint64_t wake_ns) { return static_cast<std::size_t>(wake_ns / tick_ns % ticks); }
    void collect_due(std::uint64_t now_ns);

    InFlightTable& queries_;
    std::array<QueryIndex, ticks> heads_;
    std::uint64_t last_tick_ = 0;
    std::uint32_t size_ = 0;
    std::vector<Due> due_;  ///< empty between calls; kept for its memory
};

}  // namespace dproxy::proxy
