// SPDX-License-Identifier: MIT
#include "routing/loop_marks.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "net/keyed_hash.hpp"

namespace dproxy::routing {

std::uint64_t hash_of_place(const RouteSettings* settings, std::uint64_t route_key, dns::Bytes domain,
                            std::size_t pattern_length) noexcept {
    assert(domain.size() <= dns::max_name_length);
    std::array<char, dns::max_name_length> lower;
    std::transform(domain.begin(), domain.end(), lower.begin(),
                   [](std::uint8_t byte) { return static_cast<char>(dns::to_lower(byte)); });
    const net::KeyedHash& hash = net::process_hash();
    std::uint64_t state = hash.begin();
    state = hash.take_number(state, static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(settings)));
    state = hash.take(hash.take_number(state, route_key), pattern_length);
    return hash.finish(hash.take_text(state, {lower.data(), domain.size()}));
}

std::uint64_t hash_of_place(const LoopPlace& place) noexcept {
    return hash_of_place(place.settings.get(), place.route_key, place.domain.wire(), place.pattern_length);
}

bool LoopPlace::covers(const LoopPlace& other) const {
    return same_route(other) && pattern_length == other.pattern_length &&
           dns::is_within(other.domain.wire(), domain.wire());
}

LoopMarks::LoopMarks(std::vector<LoopMark> marks) : marks_(std::move(marks)) {
    places_.reserve(marks_.size());
    for (const LoopMark& mark : marks_) places_.push_back(hash_of_place(mark.place));
    std::sort(places_.begin(), places_.end());
}

bool LoopMarks::cover(const RouteSettings& settings, std::uint64_t route_key, dns::Bytes name,
                      std::size_t pattern_length) const noexcept {
    // From the name up to the pattern by which it goes: what is above belongs to other patterns.
    for (dns::Bytes domain = name; domain.size() >= pattern_length;) {
        const std::uint64_t place = hash_of_place(&settings, route_key, domain, pattern_length);
        if (std::binary_search(places_.begin(), places_.end(), place)) return true;
        if (domain[0] == 0) return false;
        domain = domain.subspan(std::size_t{domain[0]} + 1);
    }
    return false;
}

}  // namespace dproxy::routing
