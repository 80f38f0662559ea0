// SPDX-License-Identifier: MIT
// Whether one upstream is up, and when to probe it next (DESIGN 3.3, "Health"). Events and times come in, a
// judgement comes out: no sockets, no clock, no randomness of its own.
#pragma once

#include <cstdint>

#include "routing/route_settings.hpp"

namespace dproxy::routing {

/// What the workers saw of an upstream in real queries. Times are of one monotonic clock, in nanoseconds.
struct Sightings {
    std::uint64_t heard_ns = 0;   ///< when a message came from it last; 0: never
    std::uint32_t timeouts = 0;   ///< queries that timed out since
    bool suspected = false;       ///< a reply is missing
};

class HealthJudgement {
public:
    static constexpr std::uint64_t interval_ns = 2'000'000'000;      ///< from probe to probe
    static constexpr std::uint64_t probe_timeout_ns = 2'000'000'000;
    static constexpr std::uint64_t suspicion_gap_ns = 250'000'000;   ///< from probe to probe under suspicion
    /// From probe to probe while down. A caller that looks at due probes each 50 ms stays within 5 s.
    static constexpr std::uint64_t longest_gap_ns = 4'900'000'000;
    static constexpr std::uint64_t back_off_step_ns = 1'000'000'000;
    static constexpr unsigned failures_to_down = 3;                  ///< probes in a row
    static constexpr std::uint32_t timeouts_to_down = 5;             ///< queries in a row, for `passive`

    /// An upstream is up until it is known to be down. The first probe is due at `first_probe_ns`.
    HealthJudgement(Health mode, std::uint64_t first_probe_ns) : mode_(mode), next_ns_(first_probe_ns) {}

    /// A reload gave it another mode; the judgement stays, except that `off` is always up.
    void set_mode(Health mode, std::uint64_t now_ns);

    /// To be called every now and then.
    void look(const Sightings& seen, std::uint64_t now_ns);

    /// Never while a probe is under way.
    bool probe_due(std::uint64_t now_ns) const { return mode_ == Health::on && !under_way_ && now_ns >= next_ns_; }
    void probe_sent(std::uint64_t now_ns);
    void probe_answered(std::uint64_t now_ns);
    /// `heard_ns`: the latest time at which a worker may have heard the upstream. `random`: any number, each
    /// time another.
    void probe_failed(std::uint64_t now_ns, std::uint64_t heard_ns, std::uint32_t random);
    /// The probe came to no end: it says nothing, and is due again.
    void probe_withdrawn() { under_way_ = false; }

    Health mode() const { return mode_; }
    bool up() const { return up_; }
    bool probe_under_way() const { return under_way_; }
    std::uint64_t probe_sent_ns() const { return sent_ns_; }
    std::uint64_t next_probe_ns() const { return next_ns_; }

private:
    void turn(bool up, std::uint64_t now_ns);
    std::uint64_t back_off_ns(std::uint32_t random) const;

    Health mode_;
    bool up_ = true;
    bool under_way_ = false;
    unsigned failures_ = 0;          ///< probes in a row, with no message between
    std::uint64_t turned_ns_ = 0;    ///< when up_ changed last
    std::uint64_t counted_ns_ = 0;   ///< when the last of these failures was counted
    std::uint64_t sent_ns_ = 0;      ///< the last probe
    std::uint64_t next_ns_;
};

}  // namespace dproxy::routing
