// SPDX-License-Identifier: MIT
#include "routing/health_judgement.hpp"

#include <algorithm>
#include <cassert>

namespace dproxy::routing {

void HealthJudgement::set_mode(Health mode, std::uint64_t now_ns) {
    if (mode == mode_) return;
    mode_ = mode;
    failures_ = 0;
    if (mode != Health::on) by_probes_ = false;
    next_ns_ = std::max(now_ns, sent_ns_ + suspicion_interval_ns);
    if (mode == Health::off && !up_) turn(true, By::queries, now_ns);
}

void HealthJudgement::begin_anew(std::uint64_t now_ns) {
    answered_ = unanswered_ = refused_ = false;
    believed_ = true;
    failures_ = contradictions_ = 0;
    next_ns_ = std::max(now_ns, sent_ns_ + suspicion_interval_ns);
}

void HealthJudgement::look(const Sightings& seen, std::uint64_t now_ns) {
    if (mode_ == Health::off) return;
    if (!up_) {
        if (seen.heard_ns <= turned_ns_) return;
        if (by_probes_) {
            // Back, or never away. If probes do tell, the next one is answered.
            believed_ = false;
        } else {
            doubt_ = now_ns - turned_ns_ < short_outage_ns ? std::min(doubt_ + 1, most_doubt) : 0;
        }
        turn(true, By::queries, now_ns);
        next_ns_ = std::min(next_ns_, std::max(now_ns, sent_ns_ + suspicion_interval_ns));
        return;
    }
    if (suspected_ && seen.heard_ns > suspected_ns_) suspected_ = false;
    if (seen.suspected && !suspected_) {
        suspected_ = true;
        suspected_ns_ = now_ns;
    }
    if (suspected_) next_ns_ = std::min(next_ns_, std::max(now_ns, sent_ns_ + gap_ns()));
    const bool queries_tell = mode_ == Health::passive || (unanswered_ && !probes_tell());
    if (queries_tell && seen.timeouts >= timeouts_to_down << doubt_) turn(false, By::queries, now_ns);
}

void HealthJudgement::probe_sent(std::uint64_t now_ns, std::uint32_t random) {
    assert(under_way_ < max_under_way);
    sent_at_[under_way_++] = now_ns;
    sent_ns_ = now_ns;
    random_ = random;
    next_ns_ = now_ns + gap_ns();
}

void HealthJudgement::probe_answered(std::uint64_t sent_ns, std::uint64_t now_ns) {
    probe_withdrawn(sent_ns);
    answered_ = believed_ = true;
    refused_ = suspected_ = false;
    failures_ = contradictions_ = 0;
    answered_ns_ = now_ns;
    if (!up_) {
        turn(true, By::probes, now_ns);
        doubt_ = 0;
    }
    next_ns_ = sent_ns_ + interval_ns;
}

void HealthJudgement::probe_failed(std::uint64_t sent_ns, ProbeEnd why, std::uint64_t heard_ns, std::uint64_t now_ns) {
    probe_withdrawn(sent_ns);
    unanswered_ = true;
    refused_ = why == ProbeEnd::refused;
    if (answered_ns_ > sent_ns) return;  // another one was answered meanwhile: this one was lost
    // A message, whatever it answered, ends the row of failures.
    if (heard_ns > counted_ns_) failures_ = 0;
    if (heard_ns > sent_ns) {
        contradict();
        if (up_) return;
    }
    if (!probes_tell()) return;
    ++failures_;
    counted_ns_ = now_ns;
    if (up_ && failures_ + waiting_long(now_ns) >= failures_to_down) turn(false, By::probes, now_ns);
}

void HealthJudgement::probe_withdrawn(std::uint64_t sent_ns) {
    const auto end = sent_at_.begin() + static_cast<std::ptrdiff_t>(under_way_);
    const auto found = std::find(sent_at_.begin(), end, sent_ns);
    if (found == end) return;
    std::move(found + 1, end, found);
    --under_way_;
}

void HealthJudgement::turn(bool up, By by, std::uint64_t now_ns) {
    up_ = up;
    by_probes_ = by == By::probes;
    turned_ns_ = now_ns;
    suspected_ = false;
    if (up) failures_ = 0;
    if (!up) next_ns_ = std::max(now_ns, sent_ns_ + gap_ns());
}

void HealthJudgement::contradict() {
    if (++contradictions_ >= contradictions_to_disbelief) believed_ = false;
}

/// Probes that tell nothing are not worth asking more often for.
std::uint64_t HealthJudgement::gap_ns() const {
    if (!up_) return down_interval_ns - ((down_interval_ns / 5) * random_ >> 32);
    return suspected_ && probes_tell() ? suspicion_interval_ns : interval_ns;
}

unsigned HealthJudgement::waiting_long(std::uint64_t now_ns) const {
    const auto end = sent_at_.begin() + static_cast<std::ptrdiff_t>(under_way_);
    return static_cast<unsigned>(std::count_if(
        sent_at_.begin(), end, [now_ns](std::uint64_t sent_ns) { return now_ns - sent_ns >= long_wait_ns; }));
}

}  // namespace dproxy::routing
