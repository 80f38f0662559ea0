// SPDX-License-Identifier: MIT
#include "queries/deadline_queue.hpp"
#include "queries/limits.hpp"

#include <algorithm>

namespace dproxy::proxy {

void DeadlineQueue::add(QueryIndex index, std::uint64_t wake_ns) {
    InFlight& entry = queries_[index];
    // A list that was already passed would only be met again a round later.
    wake_ns = std::max(wake_ns, last_tick_ * tick_ns + 1);
    QueryIndex& head = heads_[list_of(wake_ns)];
    entry.wake_ns = wake_ns;
    entry.wake_previous = no_query;
    entry.wake_next = head;
    if (head != no_query) queries_[head].wake_previous = index;
    head = index;
    ++size_;
}

void DeadlineQueue::remove(QueryIndex index) {
    InFlight& entry = queries_[index];
    if (entry.wake_ns == 0) return;
    if (entry.wake_previous != no_query) {
        queries_[entry.wake_previous].wake_next = entry.wake_next;
    } else {
        heads_[list_of(entry.wake_ns)] = entry.wake_next;
    }
    if (entry.wake_next != no_query) queries_[entry.wake_next].wake_previous = entry.wake_previous;
    entry.wake_previous = entry.wake_next = no_query;
    entry.wake_ns = 0;
    --size_;
}

void DeadlineQueue::collect_due(std::uint64_t now_ns) {
    const std::uint64_t now_tick = now_ns / tick_ns;
    // After a long pause one round of the wheel meets every list.
    std::uint64_t tick = now_tick - last_tick_ > ticks ? now_tick - ticks : last_tick_;
    for (; tick <= now_tick; ++tick) {
        QueryIndex index = heads_[tick % ticks];
        while (index != no_query) {
            const QueryIndex next = queries_[index].wake_next;
            if (queries_[index].wake_ns <= now_ns) {
                due_.push_back({index, queries_[index].serial});  // first: nothing is lost when there is no memory
                remove(index);
            }
            index = next;
        }
    }
    last_tick_ = now_tick;
}

}  // namespace dproxy::proxy
