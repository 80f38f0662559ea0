// SPDX-License-Identifier: MIT
#include "routing/route_table.hpp"

#include <algorithm>
#include <cstring>

#include "dns/name.hpp"
#include "routing/name_hash.hpp"
#include "routing/pattern_text.hpp"

namespace dproxy::routing {

RouteTable::Probe::Probe(dns::Bytes name, std::size_t depth) noexcept {
    if (name.empty() || name.size() > dns::max_name_length) return;
    length_ = static_cast<std::uint8_t>(name.size());
    const std::size_t whole_words = name.size() / word * word;
    const std::uint64_t nothing = 0;
    std::memcpy(lower_.data(), name.data(), whole_words);
    std::memcpy(lower_.data() + whole_words, &nothing, word);
    std::memcpy(lower_.data() + whole_words, name.data() + whole_words, name.size() - whole_words);
    for (std::size_t at = 0; at < name.size(); at += word) {
        std::uint64_t bytes;
        std::memcpy(&bytes, lower_.data() + at, word);
        bytes = lower_word(bytes);
        std::memcpy(lower_.data() + at, &bytes, word);
    }
    std::memcpy(lower_.data() + length_, &nothing, word);
    find_labels(depth);
}

void RouteTable::Probe::find_labels(std::size_t depth) noexcept {
    std::array<std::uint8_t, max_labels> starts;
    std::size_t count = 0;
    std::size_t at = 0;
    while (at < length_ && lower_[at] != 0) {
        if (count == max_labels) return;
        starts[count++] = static_cast<std::uint8_t>(at);
        at += std::size_t{lower_[at]} + 1;
    }
    if (at + 1 != length_) return;

    valid_ = true;
    labels_ = static_cast<std::uint8_t>(count);
    hashed_ = static_cast<std::uint8_t>(std::min(count, depth));
    std::uint64_t hash = hash_seed;
    for (std::size_t i = 1; i <= hashed_; ++i) {
        const std::uint8_t* label = lower_.data() + starts[count - i];
        hash = hash_bytes(hash, label, std::size_t{*label} + 1);
        starts_[i] = starts[count - i];
        hashes_[i] = hash;
    }
}

RouteTable::Probe RouteTable::prepare(dns::Bytes name) const noexcept { return Probe(name, max_depth_); }

void RouteTable::prefetch(const Probe& probe) const noexcept {
    for (std::size_t depth = probe.hashed_; depth > 0; --depth) {
        const bool occurs = depth == probe.labels_ ? exact_depths_[depth] : below_depths_[depth];
        if (!occurs) continue;
        const std::size_t at = home(probe.hashes_[depth]);
        __builtin_prefetch(&tags_[at]);
        __builtin_prefetch(&slots_[at]);
    }
}

const RouteTable::Slot* RouteTable::lookup(std::uint64_t hash, dns::Bytes lower_name) const noexcept {
    const std::uint16_t tag = tag_of(hash);
    for (std::size_t at = home(hash); tags_[at] != 0; at = next(at)) {
        if (tags_[at] != tag) continue;
        const std::uint8_t* name = slots_[at].name;
        if (name[-1] == lower_name.size() && std::memcmp(name, lower_name.data(), lower_name.size()) == 0)
            return &slots_[at];
    }
    return nullptr;
}

RouteIndex RouteTable::route_at(const Probe& probe, std::size_t depth) const noexcept {
    const bool whole = depth == probe.labels_;
    if (!(whole ? exact_depths_ : below_depths_)[depth]) return no_route;
    const Slot* slot = lookup(probe.hashes_[depth], probe.suffix(depth));
    if (slot == nullptr) return no_route;
    return whole ? slot->exact : slot->below;
}

RouteIndex RouteTable::find(const Probe& probe) const noexcept {
    if (!probe.valid_) return no_route;
    for (std::size_t depth = probe.hashed_; depth > 0; --depth)
        if (const RouteIndex route = route_at(probe, depth); route != no_route) return route;
    return catch_all_;
}

RouteIndex RouteTable::find(dns::Bytes name) const noexcept { return find(prepare(name)); }

RouteTable::Place RouteTable::section_at(std::uint32_t section) const noexcept {
    // Of files without a section the last one that begins here is meant: it has the section.
    const auto after = std::upper_bound(sections_before_.begin(), sections_before_.end(), section);
    const auto file = static_cast<std::size_t>(after - sections_before_.begin()) - 1;
    return {*files_[file], section - sections_before_[file]};
}

RouteTable::Place RouteTable::place_of(RouteIndex route) const noexcept {
    const auto left_out = std::upper_bound(routes_before_left_out_.begin(), routes_before_left_out_.end(), route) -
                          routes_before_left_out_.begin();
    return section_at(route + static_cast<std::uint32_t>(left_out));
}

std::string RouteTable::label(RouteIndex route) const {
    const Place place = place_of(route);
    return place.file.label(place.section);
}

RouteIndex RouteTable::find_label(std::string_view label) const {
    // Its first pattern leads to the only route that can have it.
    std::string_view name = label.substr(0, label.find(' '));
    PatternKind kind = PatternKind::exact;
    if (name == "*" || name == ".") {
        kind = PatternKind::below;
        name = ".";
    } else if (name.starts_with("*.")) {
        kind = PatternKind::below;
        name.remove_prefix(name.size() > 2 ? 2 : 1);
    } else if (name.starts_with('.')) {
        name.remove_prefix(1);
    }
    const dns::Name::Parsed parsed = dns::Name::parse(name, true);
    if (parsed.fault) return no_route;
    const Probe probe = prepare(parsed.name.wire());
    RouteIndex route = catch_all_;
    if (!parsed.name.is_root()) {
        if (probe.hashed_ < probe.labels_) return no_route;
        const bool occurs = exact_depths_[probe.labels_] || below_depths_[probe.labels_];
        const Slot* slot = occurs ? lookup(probe.hashes_[probe.labels_], probe.suffix(probe.labels_)) : nullptr;
        if (slot == nullptr) return no_route;
        route = kind == PatternKind::below ? slot->below : slot->exact;
    }
    return route != no_route && this->label(route) == label ? route : no_route;
}

RouteTable::Source RouteTable::source(RouteIndex route) const noexcept {
    const Place place = place_of(route);
    return {place.file.name(), place.file.line(place.section)};
}

RouteFile::Patterns RouteTable::patterns(RouteIndex route) const noexcept {
    const Place place = place_of(route);
    return place.file.patterns(place.section);
}

std::uint64_t RouteTable::key(RouteIndex route) const noexcept {
    const Place place = place_of(route);
    const std::string_view text = place.file.label_identity(place.section);
    std::uint64_t hash = mix(hash_seed, text.size());
    for (std::size_t at = 0; at < text.size(); at += 8) {
        std::uint64_t bytes = 0;
        for (std::size_t i = at; i < std::min(at + 8, text.size()); ++i)
            bytes = bytes << 8 | static_cast<std::uint8_t>(text[i]);
        hash = mix(hash, bytes);
    }
    return hash;
}

std::vector<RouteTable::Entry> RouteTable::matches(dns::Bytes name) const {
    std::vector<Entry> found;
    const Probe probe = prepare(name);
    if (!probe.valid_) return found;
    for (std::size_t depth = probe.hashed_; depth > 0; --depth) {
        const RouteIndex route = route_at(probe, depth);
        if (route == no_route) continue;
        const PatternKind kind = depth == probe.labels_ ? PatternKind::exact : PatternKind::below;
        found.push_back({pattern_text(kind, probe.suffix(depth)), route});
    }
    if (catch_all_ != no_route) found.push_back({"*", catch_all_});
    return found;
}

std::vector<RouteTable::Entry> RouteTable::entries() const {
    struct Line {
        bool below;
        std::size_t labels;
        Entry entry;
    };
    std::vector<Line> lines;
    for (RouteIndex route = 0; route < route_count(); ++route) {
        const Place place = place_of(route);
        for (const Pattern pattern : place.file.patterns(place.section)) {
            const std::size_t labels = label_count(pattern.name);
            for (const PatternKind kind : {PatternKind::exact, PatternKind::below}) {
                if (pattern.kind != kind && pattern.kind != PatternKind::both) continue;
                lines.push_back({kind == PatternKind::below, labels, {pattern_text(kind, pattern.name), route}});
            }
        }
    }
    std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
        if (a.below != b.below) return b.below;
        if (a.labels != b.labels) return a.labels > b.labels;
        return a.entry.pattern < b.entry.pattern;
    });
    std::vector<Entry> entries;
    entries.reserve(lines.size());
    for (Line& line : lines) entries.push_back(std::move(line.entry));
    return entries;
}

std::size_t RouteTable::memory_bytes() const noexcept {
    return sizeof *this + tags_.capacity() * sizeof tags_[0] + slots_.capacity() * sizeof slots_[0] +
           route_settings_.capacity() * sizeof route_settings_[0] +
           routes_before_left_out_.capacity() * sizeof routes_before_left_out_[0] +
           sections_before_.capacity() * sizeof sections_before_[0] + files_.capacity() * sizeof files_[0] +
           settings_.capacity() * sizeof settings_[0];
}

}  // namespace dproxy::routing
