// SPDX-License-Identifier: MIT
// Where a worker leaves copies of the messages that come and go, for the thread that tells of them. Nothing but loads
// and stores; a ring that is full costs the copy, never the query.
#pragma once

#include <memory>

#include "dnstap/record.hpp"
#include "query_log/rings.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::dnstap {

/// One thread.
class Tap {
public:
    /// Off for ever.
    Tap() = default;
    /// `rings`: null: off. `worker`: whose ring it fills, which is in use from now on. `dropped`: outlives it.
    Tap(std::shared_ptr<query_log::Rings> rings, unsigned worker, telemetry::Counter& dropped);

    bool is_on() const { return ring_ != nullptr; }
    /// Where is_on().
    void note(const Record& record);

private:
    std::shared_ptr<query_log::Rings> rings_;
    query_log::Ring* ring_ = nullptr;
    telemetry::Counter* dropped_ = nullptr;
};

}  // namespace dproxy::dnstap
