// SPDX-License-Identifier: MIT
#include "routing/route_table.hpp"

#include <algorithm>
#include <cstring>

#include "dns/name.hpp"
#include "routing/name_hash.hpp"
#include "routing/pattern_text.hpp"

namespace dproxy::routing {

namespace {

/// By the bytes of the labels, from the left; both have as many.
bool is_before(const std::uint8_t* a, const std::uint8_t* b) {
    while (*a != 0) {
        const int order = std::memcmp(a + 1, b + 1, std::min(*a, *b));
        if (order != 0) return order < 0;
        if (*a != *b) return *a < *b;
        a += std::size_t{*a} + 1;
        b += std::size_t{*b} + 1;
    }
    return false;
}

}  // namespace

RouteTable::Probe::Probe(dns::Bytes name, std::size_t depth, const net::KeyedHash& hash) noexcept {
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
    find_labels(depth, hash);
}

void RouteTable::Probe::find_labels(std::size_t depth, const net::KeyedHash& hash) noexcept {
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
    std::uint64_t state = hash.begin();
    for (std::size_t i = 1; i <= hashed_; ++i) {
        starts_[i] = starts[count - i];
        state = take_label(hash, state, lower_.data() + starts_[i]);
        hashes_[i] = hash.finish(state);
    }
}

RouteTable::Probe RouteTable::prepare(dns::Bytes name) const noexcept { return Probe(name, max_depth_, hash_); }

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

RouteIndex RouteTable::place_at(const Probe& probe, std::size_t depth) const noexcept {
    if (depth == 0) return catch_all_;
    const bool whole = depth == probe.labels_;
    if (!(whole ? exact_depths_ : below_depths_)[depth]) return no_route;
    const Slot* slot = lookup(probe.hashes_[depth], probe.suffix(depth));
    if (slot == nullptr) return no_route;
    return whole ? slot->exact : slot->below;
}

RouteIndex RouteTable::find(dns::Bytes name) const noexcept {
    if (depends_on_asker()) return find(name, Asker());
    const Probe probe = prepare(name);
    if (!probe.valid_) return no_route;
    for (std::size_t depth = probe.hashed_; depth > 0; --depth)
        if (const RouteIndex route = place_at(probe, depth); route != no_route) return route;
    return catch_all_;
}

RouteIndex RouteTable::find(dns::Bytes name, const Asker& asker) const noexcept {
    const Probe probe = prepare(name);
    if (!probe.valid_) return no_route;
    SectionChoices::For choices(choices_, asker);
    for (std::size_t depth = probe.hashed_ + std::size_t{1}; depth-- > 0;) {
        const RouteIndex place = place_at(probe, depth);
        if (place < choice_begin) return place;
        if (place == no_route) continue;
        if (const RouteIndex route = choices.choose(place - choice_begin); route != no_route) return route;
    }
    return no_route;
}

template <typename Take>
void RouteTable::for_each_section(RouteIndex place, Take take) const {
    if (place == no_route) return;
    if (place < choice_begin) return take(place);
    for (const SectionForSome& one : choices_.sections(place - choice_begin)) take(one.route);
}

std::vector<RouteTable::Match> RouteTable::ways(dns::Bytes name) const {
    std::vector<Match> found;
    const Probe probe = prepare(name);
    if (!probe.valid_) return found;
    bool for_everybody = false;
    for (std::size_t depth = probe.hashed_ + std::size_t{1}; depth-- > 0 && !for_everybody;) {
        const std::size_t length = depth == 0 ? 1 : probe.suffix(depth).size();
        for_each_section(place_at(probe, depth), [&](RouteIndex route) {
            found.push_back({route, length});
            for_everybody = for_everybody || settings(route).audience.is_everybody();
        });
    }
    return found;
}

std::size_t RouteTable::pattern_length(dns::Bytes name, RouteIndex route) const noexcept {
    const Probe probe = prepare(name);
    if (!probe.valid_) return 1;
    for (std::size_t depth = probe.hashed_; depth > 0; --depth) {
        bool found = false;
        for_each_section(place_at(probe, depth), [&](RouteIndex one) { found = found || one == route; });
        if (found) return probe.suffix(depth).size();
    }
    return 1;
}

bool RouteTable::is_above_a_pattern(dns::Bytes name) const noexcept {
    const Probe probe(name, max_labels, hash_);
    if (!probe.valid_) return false;
    if (probe.labels_ == 0) return root_is_above_;
    return std::binary_search(above_.begin(), above_.end(), probe.hashes_[probe.labels_]);
}

std::string RouteTable::pattern_below(dns::Bytes name) const {
    const Probe probe(name, 0, hash_);
    if (!probe.valid_) return {};
    const dns::Bytes domain{probe.lower_.data(), probe.length_};
    for (RouteIndex route = 0; route < route_count(); ++route) {
        if (settings(route).answer == LocalAnswer::nxdomain) continue;
        for (const Pattern pattern : patterns(route)) {
            if (pattern.kind == PatternKind::exact && pattern.name.size() == domain.size()) continue;
            if (dns::is_within(pattern.name, domain)) return pattern_text(pattern.kind, pattern.name);
        }
    }
    return {};
}

RouteTable::Section RouteTable::section_at(std::uint32_t section) const noexcept {
    // Of files without a section the last one that begins here is meant: it has the section.
    const auto after = std::upper_bound(sections_before_.begin(), sections_before_.end(), section);
    const auto file = static_cast<std::size_t>(after - sections_before_.begin()) - 1;
    return {*files_[file], section - sections_before_[file]};
}

RouteTable::Section RouteTable::section_of(RouteIndex route) const noexcept {
    const auto left_out = std::upper_bound(routes_before_left_out_.begin(), routes_before_left_out_.end(), route) -
                          routes_before_left_out_.begin();
    return section_at(route + static_cast<std::uint32_t>(left_out));
}

std::string RouteTable::label(RouteIndex route) const {
    const Section section = section_of(route);
    return section.file.label(section.index);
}

void RouteTable::append_label(std::string& text, RouteIndex route, std::size_t most) const {
    const Section section = section_of(route);
    section.file.append_label(text, section.index, most);
}

RouteIndex RouteTable::find_label(std::string_view label) const {
    // Its first pattern leads to the only routes that can have it.
    const bool for_some = label.starts_with('[');  // Audience::label_of()
    if (for_some) label.remove_prefix(1);
    std::string_view name = label.substr(0, label.find_first_of(for_some ? " ]" : " "));
    if (for_some) label = {label.data() - 1, label.size() + 1};
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
    RouteIndex place = catch_all_;
    if (!parsed.name.is_root()) {
        if (probe.hashed_ < probe.labels_) return no_route;
        const bool occurs = exact_depths_[probe.labels_] || below_depths_[probe.labels_];
        const Slot* slot = occurs ? lookup(probe.hashes_[probe.labels_], probe.suffix(probe.labels_)) : nullptr;
        if (slot == nullptr) return no_route;
        place = kind == PatternKind::below ? slot->below : slot->exact;
    }
    RouteIndex found = no_route;
    for_each_section(place, [&](RouteIndex route) {
        if (found == no_route && this->label(route) == label) found = route;
    });
    return found;
}

RouteTable::Source RouteTable::source(RouteIndex route) const noexcept {
    const Section section = section_of(route);
    return {section.file.name(), section.file.line(section.index)};
}

RouteFile::Patterns RouteTable::patterns(RouteIndex route) const noexcept {
    const Section section = section_of(route);
    return section.file.patterns(section.index);
}

const PatternList* RouteTable::list_of(RouteIndex route) const noexcept {
    const Section section = section_of(route);
    return section.file.list(section.index);
}

std::optional<RouteTable::Source> RouteTable::source_in_list(RouteIndex route, const std::uint8_t* stored) const
    noexcept {
    const PatternList* list = list_of(route);
    if (list == nullptr || !list->holds(stored)) return std::nullopt;
    return Source{list->name(), list->line(stored)};
}

std::optional<RouteTable::Source> RouteTable::source_in_list(RouteIndex route, dns::Bytes domain) const {
    const PatternList* list = list_of(route);
    if (list == nullptr) return std::nullopt;
    for (const Pattern pattern : RouteFile::Patterns(list->data(), list->size(), nullptr)) {
        if (!std::equal(pattern.name.begin(), pattern.name.end(), domain.begin(), domain.end())) continue;
        return Source{list->name(), list->line(pattern.name.data())};
    }
    return std::nullopt;
}

std::uint64_t RouteTable::key(RouteIndex route) const noexcept {
    const Section section = section_of(route);
    // Not by hash_: this one is compared over tables, and a team must not make its route pass for another's.
    return net::process_hash().of(section.file.label_identity(section.index));
}

std::vector<RouteTable::Entry> RouteTable::matches(dns::Bytes name) const {
    std::vector<Entry> found;
    const Probe probe = prepare(name);
    if (!probe.valid_) return found;
    for (std::size_t depth = probe.hashed_ + std::size_t{1}; depth-- > 0;) {
        const PatternKind kind = depth > 0 && depth == probe.labels_ ? PatternKind::exact : PatternKind::below;
        for_each_section(place_at(probe, depth), [&](RouteIndex route) {
            found.push_back({depth == 0 ? "*" : pattern_text(kind, probe.suffix(depth)), route});
        });
    }
    return found;
}

std::vector<RouteTable::Listed> RouteTable::listed() const {
    std::size_t patterns = 0;
    bool has_lists = false;
    for (const auto& file : files_) {
        patterns += file->pattern_count();
        has_lists = has_lists || !file->lists().empty();
    }
    for (RouteIndex route = 0; has_lists && route < route_count(); ++route) {
        if (const PatternList* list = list_of(route); list != nullptr) patterns += list->size();
    }
    std::vector<Listed> lines;
    lines.reserve(patterns);
    for (RouteIndex route = 0; route < route_count(); ++route) {
        const Section section = section_of(route);
        for (const Pattern pattern : section.file.patterns(section.index)) {
            const auto labels = static_cast<std::uint8_t>(label_count(pattern.name));
            for (const PatternKind kind : {PatternKind::exact, PatternKind::below}) {
                if (pattern.kind != kind && pattern.kind != PatternKind::both) continue;
                lines.push_back({pattern.name.data(), route, kind, labels});
            }
        }
    }
    std::sort(lines.begin(), lines.end(), [this](const Listed& a, const Listed& b) {
        if (a.kind != b.kind) return a.kind == PatternKind::exact;
        if (a.labels != b.labels) return a.labels > b.labels;
        if (is_before(a.name, b.name)) return true;
        if (is_before(b.name, a.name)) return false;
        const Audience& one = settings(a.route).audience;
        const Audience& other = settings(b.route).audience;
        if (one.clients.empty() != other.clients.empty()) return other.clients.empty();
        if (one.types.empty() != other.types.empty()) return other.types.empty();
        return a.route < b.route;
    });
    if (has_lists) {  // they may have a pattern twice
        const auto same = [](const Listed& a, const Listed& b) {
            return a.route == b.route && a.kind == b.kind && a.name[-1] == b.name[-1] &&
                   std::memcmp(a.name, b.name, a.name[-1]) == 0;
        };
        lines.erase(std::unique(lines.begin(), lines.end(), same), lines.end());
    }
    return lines;
}

RouteTable::Entry RouteTable::entry_of(const Listed& listed) {
    return {pattern_text(listed.kind, {listed.name, listed.name[-1]}), listed.route};
}

std::vector<RouteTable::Entry> RouteTable::entries() const {
    std::vector<Entry> entries;
    for (const Listed& line : listed()) entries.push_back(entry_of(line));
    return entries;
}

std::size_t RouteTable::longest_run() const noexcept {
    std::size_t longest = 0;
    std::size_t run = 0;
    for (std::size_t at = 0; at < 2 * tags_.size() && run < tags_.size(); ++at) {  // a run may go round the end
        run = tags_[at % tags_.size()] != 0 ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    return longest;
}

std::size_t RouteTable::memory_bytes() const noexcept {
    return sizeof *this + tags_.capacity() * sizeof tags_[0] + slots_.capacity() * sizeof slots_[0] +
           above_.capacity() * sizeof above_[0] + choices_.memory_bytes() +
           route_settings_.capacity() * sizeof route_settings_[0] +
           routes_before_left_out_.capacity() * sizeof routes_before_left_out_[0] +
           sections_before_.capacity() * sizeof sections_before_[0] + files_.capacity() * sizeof files_[0] +
           settings_.capacity() * sizeof settings_[0];
}

}  // namespace dproxy::routing
