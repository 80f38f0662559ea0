// SPDX-License-Identifier: MIT
// The queries that wait for a connection of one upstream to have room, in the order they came.
#pragma once

#include <algorithm>
#include <deque>

#include "queries/in_flight.hpp"
#include "upstreams/limits.hpp"

namespace dproxy::proxy {

/// One thread. At most max_waiting_for_stream.
class WaitingQueries {
public:
    struct Waiting {
        QueryIndex query = no_query;
        bool served_only = false;  ///< for a connection that has brought replies, as long as there is any
    };

    bool empty() const { return waiting_.empty(); }
    bool is_full() const { return waiting_.size() >= max_waiting_for_stream; }
    const Waiting& first() const { return waiting_.front(); }
    void add(const Waiting& one) { waiting_.push_back(one); }
    /// False where it does not wait.
    bool remove(QueryIndex query) {
        const auto found =
            std::find_if(waiting_.begin(), waiting_.end(), [query](const Waiting& one) { return one.query == query; });
        if (found == waiting_.end()) return false;
        waiting_.erase(found);
        return true;
    }

private:
    std::deque<Waiting> waiting_;
};

}  // namespace dproxy::proxy
