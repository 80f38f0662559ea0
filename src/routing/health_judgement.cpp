// SPDX-License-Identifier: MIT
#include "routing/health_judgement.hpp"

#include <algorithm>

namespace dproxy::routing {

void HealthJudgement::set_mode(Health mode, std::uint64_t now_ns) {
    if (mode == mode_) return;
    mode_ = mode;
    failures_ = 0;
    next_ns_ = std::max(now_ns, sent_ns_ + suspicion_gap_ns);
    if (mode == Health::off && !up_) turn(true, now_ns);
}

void HealthJudgement::look(const Sightings& seen, std::uint64_t now_ns) {
    if (mode_ == Health::off) return;
    if (!up_) {
        if (seen.heard_ns <= turned_ns_) return;
        turn(true, now_ns);
        next_ns_ = std::min(next_ns_, std::max(now_ns, sent_ns_ + interval_ns));
        return;
    }
    if (mode_ == Health::passive) {
        if (seen.timeouts >= timeouts_to_down) turn(false, now_ns);
        return;
    }
    if (seen.suspected) next_ns_ = std::min(next_ns_, std::max(now_ns, sent_ns_ + suspicion_gap_ns));
}

void HealthJudgement::probe_sent(std::uint64_t now_ns) {
    under_way_ = true;
    sent_ns_ = now_ns;
    next_ns_ = now_ns + interval_ns;
}

void HealthJudgement::probe_answered(std::uint64_t now_ns) {
    under_way_ = false;
    failures_ = 0;
    next_ns_ = sent_ns_ + interval_ns;
    if (!up_) turn(true, now_ns);
}

void HealthJudgement::probe_failed(std::uint64_t now_ns, std::uint64_t heard_ns, std::uint32_t random) {
    under_way_ = false;
    // A message, whatever it answered, ends the row of failures.
    if (heard_ns > counted_ns_) failures_ = 0;
    if (up_ && heard_ns > sent_ns_) return;
    ++failures_;
    counted_ns_ = now_ns;
    if (up_ && failures_ >= failures_to_down) turn(false, now_ns);
    if (!up_) next_ns_ = sent_ns_ + back_off_ns(random);
}

void HealthJudgement::turn(bool up, std::uint64_t now_ns) {
    up_ = up;
    turned_ns_ = now_ns;
    if (up) failures_ = 0;
}

/// A little further apart each time, and shortened by up to a fifth, so that many upstreams that went down
/// together are not probed together for ever.
std::uint64_t HealthJudgement::back_off_ns(std::uint32_t random) const {
    const std::uint64_t beyond = failures_ >= failures_to_down ? failures_ - failures_to_down + 1 : 1;
    const std::uint64_t gap_ns = std::min(interval_ns + beyond * back_off_step_ns, longest_gap_ns);
    return gap_ns - ((gap_ns / 5) * random >> 32);
}

}  // namespace dproxy::routing
