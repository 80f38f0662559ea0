// SPDX-License-Identifier: MIT
// The worker's counters against what the world saw: at the end of a run they are the same.
#pragma once

#include <array>
#include <cstdint>

#include "publication/publication.hpp"
#include "simulation/journal.hpp"
#include "simulation/ledger.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::simulation {

class Accounts {
public:
    Accounts(Journal& journal, const telemetry::WorkerCounters& counters) : journal_(journal), counters_(counters) {}

    /// Some slots are given to others by this publication, which is about to be adopted: what they had is kept.
    void keep_cleared(const proxy::Publication& publication);
    /// Queries that were dropped by intention, over any transport, with all that the kernel or the worker shed.
    std::uint64_t dropped() const;

    /// Nothing is left of all that was. `sockets`: that are open.
    void check_quiet(std::size_t sockets);
    void check(const Seen& seen);

private:
    /// Of all routes, or all upstreams, whoever had a slot.
    struct Sums {
        std::uint64_t route_requests = 0, route_responses = 0;
        std::array<std::uint64_t, telemetry::count_of<telemetry::AttemptReason>> udp{}, tcp{};
        std::uint64_t responses = 0;
        telemetry::CounterBy<telemetry::Failure> failures;
    };
    void add_route(Sums& sums, telemetry::Slot slot) const;
    void add_upstream(Sums& sums, telemetry::Slot slot) const;
    void sum_up(Sums& sums) const;
    std::uint64_t count_all_responses(std::size_t transport) const;
    std::uint64_t count_responses(std::size_t transport, telemetry::Source source) const;

    void check_clients(const Seen& seen, const Sums& sums);
    void check_upstreams(const Seen& seen, const Sums& sums);
    void expect(std::uint64_t counted, std::uint64_t seen, const char* what);
    void expect_between(std::uint64_t counted, std::uint64_t least, std::uint64_t most, const char* what);

    Journal& journal_;
    const telemetry::WorkerCounters& counters_;
    Sums cleared_;
};

}  // namespace dproxy::simulation
