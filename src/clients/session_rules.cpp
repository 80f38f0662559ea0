// SPDX-License-Identifier: MIT
#include "clients/session_rules.hpp"

#include "clients/limits.hpp"

namespace dproxy::proxy {

SessionRules::Reached SessionRules::take_query(std::uint64_t now_ns) {
    moved_ns_ = now_ns;
    ++inflight_;
    if (++queries_ == limits_.queries) {
        finishing_ = true;
        return Reached::queries;
    }
    return !finishing_ && inflight_ >= limits_.inflight ? Reached::inflight : Reached::nothing;
}

SessionRules::Next SessionRules::next(std::size_t queued_bytes) const {
    if (finishing_) return inflight_ == 0 ? Next::end : Next::pause;
    return has_room(queued_bytes) ? Next::read : Next::pause;
}

bool SessionRules::has_room(std::size_t queued_bytes) const {
    return inflight_ < limits_.inflight && queued_bytes <= pause_reading_at;
}

bool SessionRules::check_progress(const SessionTraffic& traffic, std::uint64_t now_ns) {
    const bool stuck = is_stuck_in_message(traffic.has_part_of_message, now_ns);
    const std::uint64_t newly_taken = traffic.taken_bytes - seen_taken_;
    const bool takes = newly_taken >= bytes_of_progress || (newly_taken != 0 && traffic.queued_bytes == 0);
    if (takes) {
        seen_taken_ = traffic.taken_bytes;
        moved_ns_ = now_ns;
    }
    const bool waits_for_answer = inflight_ > 0 && traffic.queued_bytes == 0;
    if (waits_for_answer) moved_ns_ = now_ns;
    return !stuck && now_ns - moved_ns_ < limits_.idle_ns;
}

bool SessionRules::is_stuck_in_message(bool has_part, std::uint64_t now_ns) {
    if (!has_part) {
        part_since_ns_ = 0;
    } else if (part_since_ns_ == 0 || part_of_ != queries_) {
        part_since_ns_ = now_ns;
        part_of_ = queries_;
    }
    return part_since_ns_ != 0 && now_ns - part_since_ns_ >= limits_.idle_ns;
}

}  // namespace dproxy::proxy
