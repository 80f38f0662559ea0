// SPDX-License-Identifier: MIT
#include "relay/loops.hpp"

#include "dns/name.hpp"

namespace dproxy::proxy {

bool Loops::is_marked(const RoutedName& to) const {
    return marks_->cover(*to.settings, to.route_key(), to.name, to.pattern_length());
}

void Loops::look(InFlightTable& queries, QueryIndex query, const RoutedName& to, std::uint32_t limit,
                 std::uint64_t now_ns) {
    if (!suspicion_.looks_like_a_loop(queries, query, limit, now_ns)) return;
    routing::LoopPlace place;
    place.settings = to.settings;
    place.route_key = to.route_key();
    if (!to.is_master()) {
        const auto source = to.table.source(to.route);
        place.route = to.table.label(to.route);
        place.file = source.file;
        place.line = source.line;
    }
    std::size_t at = 0;
    place.domain = *dns::Name::read(to.name, at);
    place.pattern_length = to.pattern_length();
    reports_.loop_suspected(std::move(place));
}

}  // namespace dproxy::proxy
