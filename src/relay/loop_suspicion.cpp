// SPDX-License-Identifier: MIT
#include "relay/loop_suspicion.hpp"

#include "dns/name.hpp"
#include "relay/limits.hpp"

namespace dproxy::proxy {

namespace {

bool is_same_question(InFlightTable& queries, QueryIndex a, QueryIndex b) {
    const InFlight& first = queries[a];
    const InFlight& second = queries[b];
    const dns::Question& x = first.query.question;
    const dns::Question& y = second.query.question;
    return first.route == second.route && x.name_length == y.name_length && x.type == y.type &&
           x.qclass == y.qclass && dns::equal_ignoring_case(x.name(queries.message(a)), y.name(queries.message(b)));
}

}  // namespace

bool LoopSuspicion::looks_like_a_loop(InFlightTable& queries, QueryIndex query, std::uint32_t limit,
                                      std::uint64_t now_ns) {
    looked_ns_ = now_ns;
    const std::uint32_t places = queries.places();
    const std::uint32_t enough = std::min(same_questions, least_inflight(limit));
    std::uint32_t same = 0;
    for (std::uint32_t left = std::min(places, suspicion_places); left > 0 && same < enough; --left) {
        if (next_place_ >= places) next_place_ = 0;
        const QueryIndex other = next_place_++;
        if (queries[other].in_use && is_same_question(queries, query, other)) ++same;
    }
    return same >= enough;
}

}  // namespace dproxy::proxy
