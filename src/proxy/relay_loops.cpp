// SPDX-License-Identifier: MIT
// The part of the relay that concerns loops through other servers: probes that came back, queries that would.
#include "proxy/relay.hpp"

namespace dproxy::proxy {

using dns::ExtendedError;
using telemetry::Rejection;

bool Relay::take_loop_probe(dns::Bytes message, const dns::Query& query, const Client& client) {
    const auto number = options_.loop_token.number_of(query.question.name(message));
    if (!number) return false;
    // Somebody who was sent a probe may send it back as often as he likes.
    if (context_.now_ns - loop_reports_since_ns_ >= second_ns) {
        loop_reports_since_ns_ = context_.now_ns;
        loop_reports_made_ = 0;
    }
    if (loop_reports_made_ < max_loop_reports) {
        ++loop_reports_made_;
        loop_reports_.loop_probe_returned(*number, client.peer.address());
    }
    answer_own(message, query, client, fail(Rejection::loop, ExtendedError::loop), telemetry::no_route_slot,
               context_.now_ns);
    return true;
}

bool Relay::would_loop(dns::Bytes name, const Destination& to, const routing::RouteSettings& settings) const {
    return loop_marks_->cover(settings, route_key_of(to), name);
}

std::uint64_t Relay::route_key_of(const Destination& to) const {
    return to.slot == telemetry::master_slot ? routing::master_route_key : publication_->table->key(to.route);
}

void Relay::suspect_loop(QueryIndex index, const Destination& to, std::uint32_t route_limit) {
    if (!loop_suspicion_.looks_like_a_loop(queries_, index, route_limit, context_.now_ns)) return;
    const InFlight& entry = queries_[index];
    routing::LoopPlace place;
    place.settings = entry.generation->pools->pools[to.pool].settings;
    place.route_key = route_key_of(to);
    if (to.slot != telemetry::master_slot) {
        const routing::RouteTable& table = *publication_->table;
        const auto source = table.source(to.route);
        place.route = table.label(to.route);
        place.file = source.file;
        place.line = source.line;
    }
    std::size_t at = 0;
    place.domain = *dns::Name::read(entry.query.question.name(queries_.message(index)), at);
    loop_reports_.loop_suspected(std::move(place));
}

}  // namespace dproxy::proxy
