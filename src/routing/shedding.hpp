// SPDX-License-Identifier: MIT
// More queries come than can be answered: whose are to be left unread. Each client network has what it asks for, up to
// a rate that is the same for all, so that who asks most is shed and others lose nothing. Counts and times come in,
// decisions come out: no sockets, no clock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "net/client_network.hpp"

namespace dproxy::routing {

/// Of one network's queries, the part that is to be read.
struct KeptPart {
    net::ClientNetwork network;
    double kept = 1;
    double offered = 0;  ///< queries in an interval, of late
    double credit = 0;   ///< of the backlog: a query is read when it has come to 1
};

/// What one network offers, in queries for a time.
struct Offer {
    net::ClientNetwork network;
    double queries = 0;
};

/// The highest common rate by which no more than `total` remains of what is offered (max-min fairness). More than all
/// of it where less than `total` is offered.
double fair_rate(std::vector<double> offered, double total);

/// Who sends most, in little memory (the algorithm of Misra and Gries): a network that sends more than one
/// in `counters` of all is never missed.
class HeavyNetworks {
public:
    static constexpr std::size_t counters = 64;

    void note(const net::ClientNetwork& network);
    /// And begins anew. `scale`: queries for each that was noted.
    std::vector<Offer> take(double scale);
    bool empty() const { return used_ == 0; }

private:
    struct Counter {
        net::ClientNetwork network;
        std::uint32_t count = 0;
    };
    std::array<Counter, counters> counters_{};
    std::size_t used_ = 0;
};

/// Of one socket; one thread.
class Shedding {
public:
    /// From look to look: as much as is waiting after two of them is the longest that anybody waits.
    static constexpr std::uint64_t interval_ns = 10'000'000;
    static constexpr std::size_t most_limited = 16;  ///< networks at a time

    struct Sight {
        std::uint64_t read = 0;     ///< queries read since the last look
        std::uint64_t dropped = 0;  ///< by the kernel since then, of what was not to be shed
        double filled = 0;          ///< of the socket's buffer, 0 to 1
        std::uint64_t waiting = 0;  ///< queries in it, about
    };

    bool is_due(std::uint64_t now_ns) const { return now_ns - looked_ns_ >= interval_ns; }
    /// Each query that is read is to be shown to admits(): there is pressure.
    bool is_watching() const { return watching_; }
    /// False for a query that is to be thrown away unread: it came before the limit of its network, and is over it.
    bool admits(const net::ClientNetwork& network);
    /// True when kept_parts() is another than before.
    bool look(const Sight& sight, std::uint64_t now_ns);
    /// Empty: everything is read.
    const std::vector<KeptPart>& kept_parts() const { return kept_; }

private:
    KeptPart* limit_of(const net::ClientNetwork& network);
    void learn(const Sight& sight, double read);
    void estimate(Offer& offer, double scale);
    void grow();
    void back_off();
    bool limit(std::vector<Offer> offers);
    bool stop();

    std::uint64_t looked_ns_ = 0;
    bool watching_ = false;
    double target_ = 0;          ///< queries to be read in an interval; 0: not known
    double capacity_ = 0;        ///< as many could be read when more were waiting
    double filled_ = 0;          ///< at the last look
    double growth_ = 0;          ///< of the target, at the next look that finds the buffer empty
    unsigned calm_ = 0;          ///< looks in a row without pressure
    unsigned hold_ = 0;          ///< so many looks more before the target grows
    unsigned patience_ = 0;      ///< what hold_ was at last
    std::uint64_t waiting_ = 0;  ///< at the last look
    bool had_backlog_ = false;   ///< at the last look
    std::uint64_t backlog_ = 0;  ///< queries still to be read that came before the limits
    HeavyNetworks heavy_;
    std::vector<KeptPart> kept_;
};

}  // namespace dproxy::routing
