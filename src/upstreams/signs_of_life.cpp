// SPDX-License-Identifier: MIT
#include "upstreams/signs_of_life.hpp"

#include <algorithm>

#include "upstreams/limits.hpp"

namespace dproxy::proxy {

void SignsOfLife::heard(std::uint64_t now_ns) {
    last_heard_ns_ = now_ns;
    unheard_ = 0;
    asked_ns_ = 0;
    overdue_ = 0;
    // Each worker says so now and then only: the value is shared between processors.
    if (now_ns - reported_ns_ < UpstreamHealth::report_interval_ns) return;
    reported_ns_ = now_ns;
    spec_.health->heard_ns.store(now_ns, std::memory_order_relaxed);
    spec_.health->timeouts.store(0, std::memory_order_relaxed);
}

void SignsOfLife::answered(std::uint16_t type) {
    if ((answered_types_ & type_bit(type)) != 0) return;
    answered_types_ |= type_bit(type);
    spec_.health->answered_types.fetch_or(type_bit(type), std::memory_order_relaxed);
}

bool SignsOfLife::overdue(std::uint16_t type, std::uint64_t now_ns) {
    if (proves(type)) note_overdue(now_ns);
    // Whatever was asked: this is about the way, not about the server.
    return ++unheard_ >= timeouts_to_dark;
}

void SignsOfLife::note_overdue(std::uint64_t now_ns) {
    ++overdue_;
    overdue_ns_ = now_ns;
    spec_.health->suspected.store(true, std::memory_order_relaxed);
}

void SignsOfLife::refused(std::uint16_t type, std::uint64_t now_ns) {
    if (proves(type)) note_overdue(now_ns);
    unanswered(type, now_ns);
}

void SignsOfLife::unanswered(std::uint16_t type, std::uint64_t now_ns) {
    // The time of an attempt may be short: only lasting silence counts against it.
    const bool lasts = asked_ns_ != 0 && now_ns - asked_ns_ >= passive_patience_ns;
    if (lasts && proves(type)) spec_.health->timeouts.fetch_add(1, std::memory_order_relaxed);
}

/// Whether silence to a query of this type says anything. Many servers answer some types and are silent to others.
bool SignsOfLife::proves(std::uint16_t type) const {
    const std::uint64_t answered = spec_.health->answered_types.load(std::memory_order_relaxed);
    return answered == 0 || (answered & type_bit(type)) != 0;
}

bool SignsOfLife::is_silent() {
    if (overdue_ < overdue_to_silent || spec_.health_mode == routing::Health::off) return false;
    if (spec_.health->probed_ns.load(std::memory_order_relaxed) <= overdue_ns_) return true;
    // It is there, and perhaps answers queries again: one more without an answer, and it is silent once more.
    overdue_ = overdue_to_silent - 1;
    return false;
}

bool SignsOfLife::is_up() const {
    const UpstreamHealth& health = *spec_.health;
    return health.up.load(std::memory_order_relaxed) || last_ns() > health.changed_ns.load(std::memory_order_relaxed);
}

std::uint64_t SignsOfLife::last_ns() const {
    const UpstreamHealth& health = *spec_.health;
    return std::max({last_heard_ns_, health.heard_ns.load(std::memory_order_relaxed),
                     health.probed_ns.load(std::memory_order_relaxed)});
}

bool SignsOfLife::may_risk(const net::Address& client, std::uint64_t now_ns) const {
    if (!risked_) return true;
    const bool by_probes = spec_.health->down_by_probes.load(std::memory_order_relaxed);
    const auto& limits = by_probes ? risk_against_probes : risk_against_timeouts;
    return risked_->allow(limits, client, now_ns, last_ns());
}

bool SignsOfLife::may_risk_beside_others(const net::Address& client, std::uint64_t now_ns) const {
    if (spec_.health->probes_tell.load(std::memory_order_relaxed)) return false;
    if (!risked_) return true;
    const std::uint64_t gap_ns =
        std::clamp((now_ns - last_ns()) / risk_gap_share, shortest_risk_gap_ns, longest_risk_gap_ns);
    return risked_->allow({gap_ns, 1, 2}, client, now_ns, last_ns());
}

void SignsOfLife::note_risk(const net::Address& client, std::uint64_t now_ns) {
    if (!risked_) risked_ = std::make_unique<routing::RiskedQueries>();
    risked_->note(client, now_ns);
}

}  // namespace dproxy::proxy
