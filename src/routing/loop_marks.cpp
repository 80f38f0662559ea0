// SPDX-License-Identifier: MIT
#include "routing/loop_marks.hpp"

#include <algorithm>

namespace dproxy::routing {

bool is_within(dns::Bytes name, dns::Bytes domain) noexcept {
    std::size_t at = 0;
    while (at < name.size() && name.size() - at > domain.size()) at += std::size_t{name[at]} + 1;
    return at < name.size() && dns::equal_ignoring_case(name.subspan(at), domain);
}

bool LoopMarks::cover(const RouteSettings& settings, std::uint64_t route_key, dns::Bytes name) const noexcept {
    return std::any_of(marks_.begin(), marks_.end(),
                       [&](const LoopMark& mark) { return mark.covers(settings, route_key, name); });
}

}  // namespace dproxy::routing
