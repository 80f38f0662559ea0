// SPDX-License-Identifier: MIT
// What the query log is told of the answers of one worker: which of them, and what of each. Nothing on the way of a
// query but loads and stores; a ring that is full costs the record, never the query.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "publication/publication.hpp"
#include "query_log/ring.hpp"
#include "query_log/rings.hpp"
#include "query_log/sampler.hpp"
#include "relay/owed.hpp"

namespace dproxy::proxy {

/// One thread.
class QueryRecords {
public:
    /// `rings`: null: nothing is ever logged. `worker`: whose ring it fills. `one_in`: as the settings say.
    /// `publication`: the one in force, kept by the caller; null before the first.
    QueryRecords(std::shared_ptr<query_log::Rings> rings, unsigned worker, std::uint32_t one_in,
                 const std::shared_ptr<const Publication>& publication, telemetry::Counter& dropped)
        : rings_(std::move(rings)), worker_(worker), one_in_(one_in), publication_(publication), dropped_(dropped) {}

    /// First, when a publication is about to be in force: whether anything is logged from now on.
    void prepare(const Publication& publication);
    bool is_on() const { return ring_ != nullptr; }
    /// Where is_on(): an answer that is about to leave.
    void note(const Owed& owed, dns::Bytes answer, const Origin& origin, std::uint64_t now_ns);

private:
    bool is_wanted(routing::RouteIndex route);
    /// Null where nothing is logged by that fraction.
    query_log::Sampler* sampler_of(std::uint32_t one_in);
    /// Good until the next call.
    std::string_view label_of(const Owed& owed);

    std::shared_ptr<query_log::Rings> rings_;
    unsigned worker_;
    std::uint32_t one_in_;
    const std::shared_ptr<const Publication>& publication_;
    telemetry::Counter& dropped_;
    query_log::Ring* ring_ = nullptr;  ///< null: nothing is logged
    std::vector<query_log::Sampler> samplers_;  ///< one for each fraction that the settings or a route says, in order
    std::string label_;  ///< kept for its room
};

}  // namespace dproxy::proxy
