// SPDX-License-Identifier: MIT
// Whether one upstream is up, and when to probe it next. Events and times come in, a judgement comes out: no sockets,
// no clock, no randomness of its own.
//
// Silence proves something only where there used to be an answer: many servers say nothing to names or types that are
// not theirs, and so nothing to probes. Who never answered a probe, or answers queries while probes bring nothing, is
// judged by real queries alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "routing/route_settings.hpp"

namespace dproxy::routing {

/// What the workers saw of an upstream in real queries. Times are of one monotonic clock, in nanoseconds.
struct Sightings {
    std::uint64_t heard_ns = 0;   ///< when a message came from it last; 0: never
    std::uint32_t timeouts = 0;   ///< queries that timed out since
    bool suspected = false;       ///< a reply is missing
};

/// Why a probe brought no answer.
enum class ProbeEnd : std::uint8_t {
    silence,  ///< nothing that answers it came
    refused,  ///< the network said that nobody is there
};

class HealthJudgement {
public:
    static constexpr std::uint64_t interval_ns = 2'000'000'000;      ///< from probe to probe
    static constexpr std::uint64_t probe_timeout_ns = 2'000'000'000;
    static constexpr std::uint64_t suspicion_interval_ns = 500'000'000;  ///< from probe to probe under suspicion
    /// From probe to probe while down, shortened by up to a fifth so that many upstreams that went down together are
    /// not probed together for ever.
    static constexpr std::uint64_t down_interval_ns = 2'500'000'000;
    static constexpr unsigned failures_to_down = 3;                  ///< probes in a row
    /// A probe that waited this long has failed as well when one that was sent before it has.
    static constexpr std::uint64_t long_wait_ns = 900'000'000;
    static constexpr std::size_t max_under_way = 4;                  ///< probes
    /// Queries in a row, where probes prove nothing; twice as many after each time that this was a mistake.
    static constexpr std::uint32_t timeouts_to_down = 5;
    static constexpr unsigned most_doubt = 4;
    /// An upstream that was down for less because queries timed out may have been up all the time.
    static constexpr std::uint64_t short_outage_ns = 60'000'000'000;
    static constexpr unsigned contradictions_to_disbelief = 3;       ///< in a row

    /// An upstream is up until it is known to be down. The first probe is due at `first_probe_ns`.
    HealthJudgement(Health mode, std::uint64_t first_probe_ns) : mode_(mode), next_ns_(first_probe_ns) {}

    /// A reload gave it another mode; the judgement stays, except that `off` is always up. Probes that are under way
    /// are withdrawn first where no mode but `on` follows.
    void set_mode(Health mode, std::uint64_t now_ns);
    /// Probes ask something else from now on: what came of the old ones says nothing. They are withdrawn first.
    void begin_anew(std::uint64_t now_ns);

    /// To be called every now and then.
    void look(const Sightings& seen, std::uint64_t now_ns);

    bool probe_due(std::uint64_t now_ns) const {
        return mode_ == Health::on && under_way_ < max_under_way && now_ns >= next_ns_;
    }
    /// `random`: any number, each time another. No two are sent at the same time.
    void probe_sent(std::uint64_t now_ns, std::uint32_t random);
    void probe_answered(std::uint64_t sent_ns, std::uint64_t now_ns);
    /// `heard_ns`: the latest time at which a worker may have heard the upstream.
    void probe_failed(std::uint64_t sent_ns, ProbeEnd why, std::uint64_t heard_ns, std::uint64_t now_ns);
    /// The probe came to no end, or never left: it says nothing.
    void probe_withdrawn(std::uint64_t sent_ns);

    Health mode() const { return mode_; }
    bool up() const { return up_; }
    /// Probes tell whether it is there: they used to be answered, or the network says no to them, and nothing has shown
    /// since that this means nothing.
    bool probes_tell() const { return mode_ == Health::on && believed_ && (answered_ || refused_); }
    /// Down, and it is probes that say so.
    bool down_by_probes() const { return !up_ && by_probes_; }
    std::size_t probes_under_way() const { return under_way_; }
    std::uint64_t next_probe_ns() const { return next_ns_; }

private:
    enum class By : std::uint8_t { probes, queries };
    void turn(bool up, By by, std::uint64_t now_ns);
    void contradict();
    std::uint64_t gap_ns() const;
    unsigned waiting_long(std::uint64_t now_ns) const;

    Health mode_;
    bool up_ = true;
    bool by_probes_ = false;   ///< who said so when up_ changed last
    bool answered_ = false;    ///< a probe ever was
    bool unanswered_ = false;  ///< a probe ever was not
    bool believed_ = true;     ///< no: queries are answered, probes are not
    bool refused_ = false;     ///< the last probe that ended
    bool suspected_ = false;   ///< attempts bring nothing
    unsigned doubt_ = 0;       ///< how often time-outs alone took down what was back soon
    unsigned failures_ = 0;    ///< probes in a row, with no message between
    unsigned contradictions_ = 0;  ///< failed probes in a row with queries answered meanwhile
    std::uint32_t random_ = 0;
    std::uint64_t turned_ns_ = 0;     ///< when up_ changed last
    std::uint64_t counted_ns_ = 0;    ///< when the last of these failures was counted
    std::uint64_t answered_ns_ = 0;   ///< when the last answer to a probe came
    std::uint64_t suspected_ns_ = 0;  ///< since when
    std::uint64_t sent_ns_ = 0;       ///< the last probe
    std::uint64_t next_ns_;
    std::array<std::uint64_t, max_under_way> sent_at_{};  ///< the probes under way, the oldest first
    std::size_t under_way_ = 0;
};

}  // namespace dproxy::routing
