// SPDX-License-Identifier: MIT
// One upstream and a clock, for the tests of its judgement.
#pragma once

#include <algorithm>
#include <vector>

#include "catch.hpp"
#include "routing/health_judgement.hpp"

namespace dproxy::routing {

inline constexpr std::uint64_t ms = 1'000'000;
inline constexpr std::uint64_t second = 1000 * ms;
inline constexpr std::uint64_t never = 0;
inline constexpr std::uint64_t start = 1000 * second;
inline constexpr std::uint32_t no_jitter = 0;
inline constexpr std::uint32_t most_jitter = 0xffffffff;

struct Watch {
    explicit Watch(Health mode = Health::on) : judgement(mode, start) {}

    /// Sends the next probe when it is due, and has it run out of time.
    void lose_probe(std::uint64_t heard_ns = never, std::uint32_t random = no_jitter,
                    ProbeEnd why = ProbeEnd::silence) {
        const std::uint64_t sent_ns = send(random);
        now += HealthJudgement::probe_timeout_ns;
        judgement.probe_failed(sent_ns, why, heard_ns, now);
    }
    std::uint64_t send(std::uint32_t random = no_jitter) {
        now = std::max(now, judgement.next_probe_ns());
        REQUIRE(judgement.probe_due(now));
        judgement.probe_sent(now, random);
        return now;
    }
    void answer_probe() {
        const std::uint64_t sent_ns = send();
        now += ms;
        judgement.probe_answered(sent_ns, now);
    }
    void go_down() {
        answer_probe();
        for (unsigned i = 0; i < HealthJudgement::failures_to_down; ++i) lose_probe();
        REQUIRE_FALSE(judgement.up());
    }
    void look(std::uint64_t heard_ns, std::uint32_t timeouts, bool suspected = false) {
        judgement.look({heard_ns, timeouts, suspected}, now);
    }
    /// Probes as they are due in the coming time, none of which is answered.
    void pass(std::uint64_t time_ns, bool suspected = false) {
        for (const std::uint64_t end = now + time_ns; now < end; now += 50 * ms) {
            look(never, 0, suspected);
            while (!sent.empty() && now - sent.front() >= HealthJudgement::probe_timeout_ns) {
                judgement.probe_failed(sent.front(), ProbeEnd::silence, never, now);
                sent.erase(sent.begin());
            }
            if (!judgement.probe_due(now)) continue;
            judgement.probe_sent(now, no_jitter);
            sent.push_back(now);
        }
    }

    std::uint64_t now = start;
    std::vector<std::uint64_t> sent;  ///< by pass()
    HealthJudgement judgement;
};

}  // namespace dproxy::routing
