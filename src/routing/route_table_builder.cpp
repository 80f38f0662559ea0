// SPDX-License-Identifier: MIT
// Builds a RouteTable out of files. Apart from the table, as its state ends with the build.
#include <cassert>
#include <limits>
#include <optional>
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
            settings_of_file_.assign(files[file]->settings_list().size(), unknown);
            for (std::uint32_t section = 0; section < files[file]->section_count(); ++section) {
                add_section(file, section);
            }
        }
        table_->routes_.shrink_to_fit();
        table_->settings_.shrink_to_fit();
        return {std::move(table_), std::move(duplicates_)};
    }

private:
    static constexpr std::uint32_t unknown = 0xffffffff;
    /// Slots beyond what the load factor asks for: small tables, which are the most, are nearly free of collisions.
    static constexpr std::size_t spare_slots = 64;

    void make_room() {
        std::size_t sections = 0;
        std::size_t patterns = 0;
        for (const auto& file : table_->files_) {
            assert(file);
            sections += file->section_count();
            patterns += file->pattern_count();
        }
        assert(sections < no_route && patterns < no_route / 2);
        table_->routes_.reserve(sections);
        const std::size_t slots = patterns + patterns / 2 + spare_slots;
        table_->tags_.assign(slots, 0);
        table_->slots_.assign(slots, {});
    }

    void add_section(std::uint32_t file, std::uint32_t section) {
        const RouteFile& from = *table_->files_[file];
        const auto route = static_cast<RouteIndex>(table_->routes_.size());
        table_->routes_.push_back({file, section, unknown});
        taken_.clear();
        for (const Pattern pattern : from.patterns(section)) {
            for (const PatternKind kind : {PatternKind::exact, PatternKind::below}) {
                if (pattern.kind != kind && pattern.kind != PatternKind::both) continue;
                RouteIndex& place = place_of(kind, pattern.name);
                if (place == no_route) {
                    place = route;
                    taken_.push_back(&place);
                    continue;
                }
                const RouteTable::Source first = table_->source(place);
                duplicates_.push_back({from.name(), from.line(section), pattern_text(kind, pattern.name),
                                       std::string(first.file), first.line});
                // The section is left out whole. Its slots stay, without a route: lookups pass them by.
                for (RouteIndex* taken : taken_) *taken = no_route;
                table_->routes_.pop_back();
                return;
            }
        }
        table_->routes_.back().settings = settings_index(from, section);
    }

    /// Where the route of a pattern is kept. The reference is good for the whole build.
    RouteIndex& place_of(PatternKind kind, dns::Bytes name) {
        if (name.size() == 1) return table_->catch_all_;
        const RouteTable::Probe probe(name, RouteTable::max_labels);
        assert(probe.valid_);
        const std::size_t depth = probe.labels_;
        table_->max_depth_ = std::max(table_->max_depth_, depth);
        (kind == PatternKind::exact ? table_->exact_depths_ : table_->below_depths_).set(depth);
        RouteTable::Slot& slot = slot_of(probe.hashes_[depth], name);
        return kind == PatternKind::exact ? slot.exact : slot.below;
    }

    RouteTable::Slot& slot_of(std::uint64_t hash, dns::Bytes name) {
        if (const RouteTable::Slot* known = table_->lookup(hash, name))
            return table_->slots_[static_cast<std::size_t>(known - table_->slots_.data())];
        std::size_t at = table_->home(hash);
        while (table_->tags_[at] != 0) at = table_->next(at);
        table_->tags_[at] = RouteTable::tag_of(hash);
        table_->slots_[at].name = name.data();
        return table_->slots_[at];
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
    std::vector<RouteIndex*> taken_;  ///< by the section being added
    std::vector<std::uint32_t> settings_of_file_;
    std::unordered_map<const RouteSettings*, std::uint32_t> settings_index_;
};

RouteTable::Build RouteTable::build(std::vector<std::shared_ptr<const RouteFile>> files) {
    return RouteTableBuilder(std::move(files)).build();
}

}  // namespace dproxy::routing
