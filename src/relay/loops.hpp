// SPDX-License-Identifier: MIT
// Loops through other servers, as one worker meets them: queries that would go in circles, that may do so, and that are
// probes come back. No sockets, no clock.
#pragma once

#include <cstdint>
#include <memory>

#include "dns/message.hpp"
#include "relay/loop_suspicion.hpp"
#include "relay/returned_probes.hpp"
#include "routing/loop_marks.hpp"
#include "routing/route_table.hpp"

namespace dproxy::proxy {

/// Where a name goes, by which loops are told apart.
struct RoutedName {
    const routing::RouteTable& table;
    routing::RouteIndex route;  ///< of the table; the master upstream's is one more
    const std::shared_ptr<const routing::RouteSettings>& settings;
    dns::Bytes name;

    bool is_master() const { return route == table.route_count(); }
    std::uint64_t route_key() const { return is_master() ? routing::master_route_key : table.key(route); }
    /// Of the pattern by which it goes there; 1 for the master upstream.
    std::size_t pattern_length() const { return is_master() ? 1 : table.pattern_length(name, route); }
};

/// One for each worker, in its thread. What it is given outlives it.
class Loops {
public:
    Loops(const routing::LoopToken& token, LoopReports& reports) : reports_(reports), returned_(token, reports) {}

    void adopt(std::shared_ptr<const routing::LoopMarks> marks) { marks_ = std::move(marks); }
    /// Whether a query that goes there would come back.
    bool cover(const RoutedName& to) const { return marks_ && !marks_->empty() && is_marked(to); }

    /// Whether that is the name of a probe of ours, which has come back. Whoever looks for loops is told.
    bool is_returned_probe(dns::Bytes name, const net::Address& peer, std::uint64_t now_ns) {
        return returned_.take(name, peer, now_ns);
    }

    /// See LoopSuspicion.
    bool is_look_due(std::uint32_t inflight, std::uint32_t limit, std::uint64_t now_ns) const {
        return suspicion_.is_due(inflight, limit, now_ns);
    }
    /// Whether the query may be one of many that go in circles. Whoever looks for loops is told.
    void look(InFlightTable& queries, QueryIndex query, const RoutedName& to, std::uint32_t limit,
              std::uint64_t now_ns);

private:
    bool is_marked(const RoutedName& to) const;

    LoopReports& reports_;
    ReturnedProbes returned_;
    LoopSuspicion suspicion_;
    std::shared_ptr<const routing::LoopMarks> marks_;  ///< null: none were found yet
};

}  // namespace dproxy::proxy
