// SPDX-License-Identifier: MIT
// Builds a RouteTable out of files. Apart from the table, as its state ends with the build.
// Held by tests/unit/routing/route_table_test.cpp, tests/unit/routing/names_above_test.cpp and
// tests/unit/routing/route_table_random_test.cpp.
#include <algorithm>
#include <cassert>
#include <limits>
#include <span>
#include <unordered_map>
#include <utility>

#include "routing/pattern_text.hpp"
#include "routing/route_table.hpp"

namespace dproxy::routing {

class RouteTableBuilder {
public:
    RouteTableBuilder(std::vector<std::shared_ptr<const RouteFile>> files, const net::KeyedHash& hash)
        : table_(std::make_shared<RouteTable>()) {
        table_->hash_ = hash;
        table_->files_ = std::move(files);
    }

    RouteTable::Build build(RouteTable::NamesAbove names_above) {
        make_room();
        const auto& files = table_->files_;
        for (std::uint32_t file = 0; file < files.size(); ++file) {
            table_->sections_before_.push_back(sections_);
            settings_of_file_.assign(files[file]->settings_list().size(), unknown);
            for (std::uint32_t begin = 0; begin < files[file]->section_count(); begin += batch) {
                const std::uint32_t end = std::min(begin + batch, files[file]->section_count());
                prepare(*files[file], begin, end);
                for (std::uint32_t section = begin; section < end; ++section) add_section(*files[file], section);
            }
        }
        place_names();
        table_->catch_all_ = settled(table_->catch_all_);
        table_->choices_ = SectionChoices(choices_, table_->hash_);
        if (names_above == RouteTable::NamesAbove::always || any_is_nxdomain()) find_names_above();
        table_->route_settings_.shrink_to_fit();
        table_->routes_before_left_out_.shrink_to_fit();
        table_->settings_.shrink_to_fit();
        return {std::move(table_), std::move(duplicates_)};
    }

private:
    static bool is_nxdomain(const RouteSettings& settings) { return settings.answer == LocalAnswer::nxdomain; }
    bool any_is_nxdomain() const {
        return std::any_of(table_->settings_.begin(), table_->settings_.end(),
                           [](const auto& settings) { return is_nxdomain(*settings); });
    }

    void find_names_above() {
        std::vector<std::uint64_t>& above = table_->above_;
        for (RouteIndex route = 0; route < table_->route_count(); ++route) {
            if (is_nxdomain(table_->settings(route))) continue;
            for (const Pattern pattern : table_->patterns(route)) {
                const RouteTable::Probe probe(pattern.name, RouteTable::max_labels, table_->hash_);
                // What a wildcard stands under is above it as well.
                const bool with_itself = pattern.kind != PatternKind::exact;
                const std::size_t end = probe.labels_ + std::size_t{with_itself ? 1U : 0U};
                table_->root_is_above_ = table_->root_is_above_ || end > 0;
                for (std::size_t depth = 1; depth < end; ++depth) above.push_back(probe.hashes_[depth]);
            }
            if (above.size() > 2 * distinct_ + names_between_sorts) make_distinct(above);
        }
        make_distinct(above);
        above.shrink_to_fit();
    }

    /// Names of many patterns are few: the list is kept short while it grows.
    void make_distinct(std::vector<std::uint64_t>& hashes) {
        std::sort(hashes.begin(), hashes.end());
        hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
        distinct_ = hashes.size();
    }

    static constexpr std::size_t names_between_sorts = 1 << 16;
    static constexpr std::uint32_t unknown = 0xffffffff;
    /// Places beyond what the load factor asks for: small tables, which are the most, are nearly free of collisions.
    static constexpr std::size_t spare_places = 64;
    /// Sections whose names' places are fetched together: each alone would wait for memory.
    static constexpr std::uint32_t batch = 32;
    /// After so many sections that were left out because of a list, others that name it are left out unseen.
    static constexpr unsigned max_tries_of_a_list = 64;

    /// A place that the section being added took, and what stood there.
    struct Taken {
        RouteIndex* place;
        RouteIndex before;
    };
    /// One more section of a place that sections share: what stood there, and the section.
    struct Part {
        RouteIndex before;
        SectionForSome section;
    };
    /// The section because of which one is left out.
    struct InTheWay {
        RouteIndex route = no_route;
        Duplicate::Why why = Duplicate::Why::stands_already;
    };
    struct Prepared {
        Pattern pattern;
        std::uint64_t hash = 0;
        std::size_t labels = 0;
    };

    void make_room() {
        std::size_t sections = 0;
        std::size_t patterns = 0;
        for (const auto& file : table_->files_) {
            assert(file);
            sections += file->section_count();
            patterns += file->pattern_count();
            for (const auto& one : file->lists()) {
                if (failed_lists_.try_emplace(one.list.get()).second) patterns += one.list->size();
            }
        }
        assert(sections < RouteTable::choice_begin && patterns < RouteTable::choice_begin);
        table_->sections_before_.reserve(table_->files_.size());
        table_->route_settings_.reserve(sections);
        names_.reserve(patterns);
        index_.assign(patterns + patterns / 2 + spare_places, 0);
    }

    void prepare(const RouteFile& file, std::uint32_t begin, std::uint32_t end) {
        prepared_.clear();
        next_prepared_ = 0;
        for (std::uint32_t section = begin; section < end; ++section) {
            for (const Pattern pattern : file.own_patterns(section)) prepared_.push_back(prepare(pattern));
        }
    }

    Prepared prepare(const Pattern& pattern) {
        const RouteTable::Probe probe(pattern.name, RouteTable::max_labels, table_->hash_);
        assert(probe.valid_);
        const std::uint64_t hash = probe.labels_ == 0 ? 0 : probe.hashes_[probe.labels_];
        __builtin_prefetch(&index_[home(hash)], 1);
        return {pattern, hash, probe.labels_};
    }

    void add_section(const RouteFile& from, std::uint32_t section) {
        const std::size_t patterns = from.own_patterns(section).size();
        const std::span<const Prepared> own(prepared_.data() + next_prepared_, patterns);
        next_prepared_ += patterns;
        ++sections_;
        taken_.clear();
        grown_.clear();
        const PatternList* list = from.list(section);
        if (!take_places(from, section, own, nullptr)) return;
        if (list != nullptr && !take_places_of_list(from, section, *list)) return;
        table_->route_settings_.push_back(settings_index(from, section));
    }

    /// False: the section is left out. `list`: that the patterns stand in.
    bool take_places(const RouteFile& from, std::uint32_t section, std::span<const Prepared> some,
                     const PatternList* list) {
        const auto route = static_cast<RouteIndex>(table_->route_settings_.size());
        const Audience& audience = from.settings(section)->audience;
        for (const Prepared& one : some) {
            for (const PatternKind kind : {PatternKind::exact, PatternKind::below}) {
                if (one.pattern.kind != kind && one.pattern.kind != PatternKind::both) continue;
                RouteIndex& place = place_of(kind, one);
                if (list != nullptr && is_of(route, place)) continue;  // twice in a list is no fault
                if (take_place(place, route, audience)) continue;
                if (list != nullptr) failed_lists_[list] = {failed_lists_[list].times + 1, kind, one, in_the_way_};
                leave_out(from, section, kind, one, list);
                return false;
            }
        }
        return true;
    }

    bool take_places_of_list(const RouteFile& from, std::uint32_t section, const PatternList& list) {
        if (const FailedList& failed = failed_lists_[&list]; failed.times == max_tries_of_a_list) {
            in_the_way_ = failed.in_the_way;
            leave_out(from, section, failed.kind, failed.pattern, &list);
            return false;
        }
        const RouteFile::Patterns patterns(list.data(), list.size(), nullptr);
        for (auto at = patterns.begin(); at != patterns.end();) {
            listed_.clear();
            for (; at != patterns.end() && listed_.size() < batch; ++at) listed_.push_back(prepare(*at));
            if (!take_places(from, section, listed_, &list)) return false;
        }
        return true;
    }

    /// Whether the section that is being added stands in the place already.
    bool is_of(RouteIndex route, RouteIndex place) const {
        if (!RouteTable::is_choice(place)) return place == route;
        return part_at(place).section.route == route;
    }

    /// False: the place is another section's, which in_the_way_ then says.
    bool take_place(RouteIndex& place, RouteIndex route, const Audience& audience) {
        const RouteIndex before = place;
        if (before == no_route && audience.is_everybody()) {
            place = route;
        } else if (!take_part(place, {route, &audience})) {
            return false;
        }
        taken_.push_back({&place, before});
        return true;
    }

    /// Of a place that several sections share, at least one of which is for some only. Patterns that stood in the same
    /// sections before stand in the same sections now, and need be looked at once.
    bool take_part(RouteIndex& place, const SectionForSome& section) {
        RouteIndex& after = grown_[place];
        if (after == 0) {
            in_the_way_ = in_the_way_of(section, place);
            if (in_the_way_.route != no_route) return false;
            parts_.push_back({place, section});
            after = RouteTable::choice_begin + static_cast<RouteIndex>(parts_.size() - 1);
        }
        place = after;
        return true;
    }

    InTheWay in_the_way_of(const SectionForSome& section, RouteIndex place) const {
        std::size_t count = 1;
        RouteIndex first = no_route;
        for (; RouteTable::is_choice(place); ++count) {
            const Part& part = part_at(place);
            const bool same = part.section.audience == section.audience || *part.section.audience == *section.audience;
            if (same) return {part.section.route};
            first = part.section.route;
            place = part.before;
        }
        if (place != no_route) first = place;
        if (place != no_route && section.audience->is_everybody()) return {place};
        const bool too_many = count + (place != no_route ? 1 : 0) > max_sections_of_a_pattern;
        return too_many ? InTheWay{first, Duplicate::Why::too_many_sections} : InTheWay();
    }

    /// The section is left out whole. Its slots stay, without a route: lookups pass them by.
    void leave_out(const RouteFile& from, std::uint32_t section, PatternKind kind, const Prepared& one,
                   const PatternList* list) {
        const RouteIndex first_route = in_the_way_.route;
        // A pattern that stands twice in one section names that section itself.
        const bool itself = first_route == table_->route_settings_.size();
        const RouteTable::Source first = itself ? RouteTable::Source{from.name(), from.line(section)}
                                                : table_->source(first_route);
        Duplicate& duplicate = duplicates_.emplace_back();
        duplicate = {from.name(), from.line(section), pattern_text(kind, one.pattern.name), std::string(first.file),
                     first.line, in_the_way_.why};
        if (list != nullptr) duplicate.in_list = {list->name(), list->line(one.pattern.name.data())};
        const PatternList* first_list = itself ? from.list(section) : table_->list_of(first_route);
        const std::uint8_t* stored = one.labels == 0 ? nullptr : slot_of(one.hash, one.pattern.name).name;
        if (first_list != nullptr && stored != nullptr && first_list->holds(stored)) {
            duplicate.first_in_list = {first_list->name(), first_list->line(stored)};
        }
        for (auto taken = taken_.rbegin(); taken != taken_.rend(); ++taken) *taken->place = taken->before;
        table_->routes_before_left_out_.push_back(static_cast<RouteIndex>(table_->route_settings_.size()));
    }

    /// What place_at() gives for a place, now that all sections are there. Parts that grew further are not kept.
    RouteIndex settled(RouteIndex place) {
        if (!RouteTable::is_choice(place)) return place;
        settled_.resize(parts_.size(), unknown);
        std::uint32_t& choice = settled_[place - RouteTable::choice_begin];
        if (choice == unknown) {
            choice = static_cast<std::uint32_t>(choices_.size());
            auto& sections = choices_.emplace_back();
            for (; RouteTable::is_choice(place); place = part_at(place).before) {
                sections.push_back(part_at(place).section);
            }
            if (place != no_route) sections.push_back({place, &table_->settings(place).audience});
            std::reverse(sections.begin(), sections.end());
        }
        return RouteTable::choice_begin + choice;
    }

    const Part& part_at(RouteIndex place) const { return parts_[place - RouteTable::choice_begin]; }

    /// Where the route of a pattern is kept. The reference is good for the whole build.
    RouteIndex& place_of(PatternKind kind, const Prepared& one) {
        if (one.labels == 0) return table_->catch_all_;
        table_->max_depth_ = std::max(table_->max_depth_, one.labels);
        (kind == PatternKind::exact ? table_->exact_depths_ : table_->below_depths_).set(one.labels);
        RouteTable::Slot& slot = slot_of(one.hash, one.pattern.name);
        return kind == PatternKind::exact ? slot.exact : slot.below;
    }

    RouteTable::Slot& slot_of(std::uint64_t hash, dns::Bytes name) {
        std::size_t at = home(hash);
        for (; index_[at] != 0; at = at + 1 == index_.size() ? 0 : at + 1) {
            Named& known = names_[index_[at] - 1];
            const std::uint8_t* other = known.slot.name;
            const bool same = known.hash == hash && other[-1] == name.size();
            if (same && std::equal(name.begin(), name.end(), other)) return known.slot;
        }
        names_.push_back({{name.data(), no_route, no_route}, hash});  // into the room that was made: nothing moves
        index_[at] = static_cast<std::uint32_t>(names_.size());
        return names_.back().slot;
    }

    std::size_t home(std::uint64_t hash) const {
        return static_cast<std::size_t>(((hash >> 32) * index_.size()) >> 32);
    }

    /// Now that it is known how many names there are: into a table with room for these and no more.
    void place_names() {
        const std::size_t places = names_.size() + names_.size() / 2 + spare_places;
        table_->tags_.assign(places, 0);
        table_->slots_.assign(places, {});
        for (std::size_t i = 0; i < names_.size(); ++i) {
            if (i + batch < names_.size()) {
                const std::size_t soon = table_->home(names_[i + batch].hash);
                __builtin_prefetch(&table_->tags_[soon], 1);
                __builtin_prefetch(&table_->slots_[soon], 1);
            }
            std::size_t at = table_->home(names_[i].hash);
            while (table_->tags_[at] != 0) at = table_->next(at);
            table_->tags_[at] = RouteTable::tag_of(names_[i].hash);
            table_->slots_[at] = {names_[i].slot.name, settled(names_[i].slot.exact), settled(names_[i].slot.below)};
        }
    }

    std::uint32_t settings_index(const RouteFile& file, std::uint32_t section) {
        std::uint32_t& index = settings_of_file_[file.settings_index(section)];
        if (index == unknown) {
            const auto& settings = file.settings(section);
            const auto next = static_cast<std::uint32_t>(table_->settings_.size());
            const auto [known, added] = settings_index_.try_emplace(settings.get(), next);
            if (added) table_->settings_.push_back(settings);
            index = known->second;
        }
        return index;
    }

    std::shared_ptr<RouteTable> table_;
    std::vector<Duplicate> duplicates_;
    struct Named {
        RouteTable::Slot slot;
        std::uint64_t hash;
    };
    std::vector<Named> names_;          ///< each once, in the order in which they came
    std::vector<std::uint32_t> index_;  ///< by hash: the place in names_ plus one
    std::size_t distinct_ = 0;    ///< names above patterns, when they were sorted last
    std::uint32_t sections_ = 0;  ///< added or left out, over all files
    std::vector<Prepared> prepared_;  ///< the patterns of a batch of sections
    std::size_t next_prepared_ = 0;
    std::vector<Prepared> listed_;    ///< some patterns of a list
    struct FailedList {
        unsigned times = 0;
        PatternKind kind = PatternKind::exact;
        Prepared pattern{};  ///< because of which the last section was left out
        InTheWay in_the_way{};
    };
    /// Every list, with how often a section was left out because of it: somebody may name a long one a thousand times.
    std::unordered_map<const PatternList*, FailedList> failed_lists_;
    std::vector<Taken> taken_;        ///< by the section being added
    InTheWay in_the_way_;
    std::vector<Part> parts_;
    std::unordered_map<RouteIndex, RouteIndex> grown_;  ///< by the section being added: places before and after
    std::vector<std::uint32_t> settled_;                ///< of each part, its place in choices_
    std::vector<std::vector<SectionForSome>> choices_;
    std::vector<std::uint32_t> settings_of_file_;
    std::unordered_map<const RouteSettings*, std::uint32_t> settings_index_;
};

RouteTable::Build RouteTable::build(std::vector<std::shared_ptr<const RouteFile>> files, const net::KeyedHash& hash,
                                    NamesAbove names_above) {
    return RouteTableBuilder(std::move(files), hash).build(names_above);
}

}  // namespace dproxy::routing
