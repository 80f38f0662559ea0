// SPDX-License-Identifier: MIT
#include "routing/route_table.hpp"

#include <algorithm>
#include <cstring>

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

std::string_view RouteTable::label(RouteIndex route) const noexcept {
    return files_[routes_[route].file]->label(routes_[route].section);
}

RouteTable::Source RouteTable::source(RouteIndex route) const noexcept {
    const RouteFile& file = *files_[routes_[route].file];
    return {file.name(), file.line(routes_[route].section)};
}

std::uint64_t RouteTable::key(RouteIndex route) const noexcept {
    const std::string_view text = label(route);
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
    for (RouteIndex route = 0; route < routes_.size(); ++route) {
        for (const Pattern pattern : files_[routes_[route].file]->patterns(routes_[route].section)) {
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
           routes_.capacity() * sizeof routes_[0] + files_.capacity() * sizeof files_[0] +
           settings_.capacity() * sizeof settings_[0];
}

}  // namespace dproxy::routing
