// SPDX-License-Identifier: MIT
// Builds a RouteTable out of files. Apart from the table, as its state ends with the build.
#include <algorithm>
#include <cassert>
#include <limits>
#include <span>
#include <unordered_map>
#include <utility>

#include "routing/name_hash.hpp"
#include "routing/pattern_text.hpp"
#include "routing/route_table.hpp"

namespace dproxy::routing {

class RouteTableBuilder {
public:
    explicit RouteTableBuilder(std::vector<std::shared_ptr<const RouteFile>> files)
        : table_(std::make_shared<RouteTable>()) {
        table_->files_ = std::move(files);
    }

    RouteTable::Build build() {
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
        table_->route_settings_.shrink_to_fit();
        table_->routes_before_left_out_.shrink_to_fit();
        table_->settings_.shrink_to_fit();
        return {std::move(table_), std::move(duplicates_)};
    }

private:
    static constexpr std::uint32_t unknown = 0xffffffff;
    /// Places beyond what the load factor asks for: small tables, which are the most, are nearly free of collisions.
    static constexpr std::size_t spare_places = 64;
    /// Sections whose names' places are fetched together: each alone would wait for memory.
    static constexpr std::uint32_t batch = 32;

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
        }
        assert(sections < no_route && patterns < no_route / 2);
        table_->sections_before_.reserve(table_->files_.size());
        table_->route_settings_.reserve(sections);
        names_.reserve(patterns);
        index_.assign(patterns + patterns / 2 + spare_places, 0);
    }

    void prepare(const RouteFile& file, std::uint32_t begin, std::uint32_t end) {
        prepared_.clear();
        next_prepared_ = 0;
        for (std::uint32_t section = begin; section < end; ++section) {
            for (const Pattern pattern : file.patterns(section)) {
                const RouteTable::Probe probe(pattern.name, RouteTable::max_labels);
                assert(probe.valid_);
                const std::uint64_t hash = probe.labels_ == 0 ? 0 : probe.hashes_[probe.labels_];
                prepared_.push_back({pattern, hash, probe.labels_});
                __builtin_prefetch(&index_[home(hash)], 1);
            }
        }
    }

    void add_section(const RouteFile& from, std::uint32_t section) {
        const auto route = static_cast<RouteIndex>(table_->route_settings_.size());
        const std::size_t patterns = from.patterns(section).size();
        const std::span<const Prepared> own(prepared_.data() + next_prepared_, patterns);
        next_prepared_ += patterns;
        ++sections_;
        taken_.clear();
        for (const Prepared& one : own) {
            for (const PatternKind kind : {PatternKind::exact, PatternKind::below}) {
                if (one.pattern.kind != kind && one.pattern.kind != PatternKind::both) continue;
                RouteIndex& place = place_of(kind, one);
                if (place == no_route) {
                    place = route;
                    taken_.push_back(&place);
                    continue;
                }
                leave_out(from, section, pattern_text(kind, one.pattern.name), place);
                return;
            }
        }
        table_->route_settings_.push_back(settings_index(from, section));
    }

    /// The section is left out whole. Its slots stay, without a route: lookups pass them by.
    void leave_out(const RouteFile& from, std::uint32_t section, std::string pattern, RouteIndex first_route) {
        // A pattern that stands twice in one section names that section itself.
        const bool itself = first_route == table_->route_settings_.size();
        const RouteTable::Source first = itself ? RouteTable::Source{from.name(), from.line(section)}
                                                : table_->source(first_route);
        duplicates_.push_back(
            {from.name(), from.line(section), std::move(pattern), std::string(first.file), first.line});
        for (RouteIndex* taken : taken_) *taken = no_route;
        table_->routes_before_left_out_.push_back(static_cast<RouteIndex>(table_->route_settings_.size()));
    }

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
            table_->slots_[at] = names_[i].slot;
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
    std::uint32_t sections_ = 0;  ///< added or left out, over all files
    std::vector<Prepared> prepared_;  ///< the patterns of a batch of sections
    std::size_t next_prepared_ = 0;
    std::vector<RouteIndex*> taken_;  ///< by the section being added
    std::vector<std::uint32_t> settings_of_file_;
    std::unordered_map<const RouteSettings*, std::uint32_t> settings_index_;
};

RouteTable::Build RouteTable::build(std::vector<std::shared_ptr<const RouteFile>> files) {
    return RouteTableBuilder(std::move(files)).build();
}

}  // namespace dproxy::routing
