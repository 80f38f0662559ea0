// SPDX-License-Identifier: MIT
// What a trace is told of the queries of one worker: each step of those for a name or below it, for people, while the
// trace lasts. A few queries then cost memory and time for their words; all others one comparison of names, and where
// there is no trace one branch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "publication/publication.hpp"
#include "query_log/rings.hpp"
#include "relay/owed.hpp"
#include "routing/attempts.hpp"
#include "telemetry/counters.hpp"
#include "trace/order.hpp"
#include "trace/step.hpp"
#include "upstreams/upstream.hpp"

namespace dproxy::proxy {

/// One thread.
class QueryTrace {
public:
    /// `rings`: null: nothing is ever traced. `worker`: whose ring it fills. `publication`: the one in force, kept by
    /// the caller. `dropped`: steps for which there was no room. `now_ns`: of the turn at hand. Both outlive it.
    QueryTrace(std::shared_ptr<query_log::Rings> rings, unsigned worker,
               const std::shared_ptr<const Publication>& publication, telemetry::Counter& dropped,
               const std::uint64_t& now_ns)
        : rings_(std::move(rings)), worker_(worker), publication_(publication), dropped_(dropped), now_ns_(now_ns) {}

    /// From now on, in place of what was.
    void adopt(std::shared_ptr<const trace::Order> order);
    bool is_on() const { return order_ != nullptr; }
    /// Each second: its time may be over.
    void maintain() {
        if (order_ && now_ns_ >= order_->until_ns) order_.reset();
    }

    // Where is_on().

    /// A query has come, and is the one at hand until taken(): traced or not.
    void asked(dns::Bytes message, const dns::Query& query, const Client& client);
    void taken() { at_hand_ = 0; }
    /// For InFlight::traced; 0: it is not traced.
    std::uint32_t at_hand() const { return at_hand_; }
    /// Of the query at hand.
    void routed(routing::RouteIndex route, dns::Bytes name);
    void remembered(std::string_view what);
    // Of one in flight.
    void chosen(const InFlight& entry, routing::AttemptOrder::Reason reason);
    void not_chosen(const InFlight& entry);
    void sent(const InFlight& entry, const Attempt& attempt, bool by_stream, Sent outcome);
    void replied(const InFlight& entry, const Attempt& attempt, dns::Bytes reply);
    void failed(const InFlight& entry, const Attempt& attempt, telemetry::Failure failure);
    /// Of orders those that nobody else tells of.
    void ordered(const InFlight& entry, const routing::AttemptOrder& order);

    /// An answer is about to leave.
    void answered(const Owed& owed, dns::Bytes answer, const Origin& origin);

private:
    void note(std::uint32_t traced, std::uint64_t asked_ns, trace::Kind kind, std::string_view text);
    void note(const InFlight& entry, trace::Kind kind, std::string_view text) {
        note(entry.traced, entry.started_ns, kind, text);
    }

    std::shared_ptr<query_log::Rings> rings_;
    unsigned worker_;
    const std::shared_ptr<const Publication>& publication_;
    telemetry::Counter& dropped_;
    const std::uint64_t& now_ns_;
    std::shared_ptr<const trace::Order> order_;  ///< null: nothing is traced
    query_log::Ring* ring_ = nullptr;            ///< null before the first trace
    std::uint32_t next_ = 1;    ///< number of the next query, over all traces
    std::uint32_t first_ = 1;   ///< of this trace
    std::uint32_t at_hand_ = 0;
};

}  // namespace dproxy::proxy
