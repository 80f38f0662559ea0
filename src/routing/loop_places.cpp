// SPDX-License-Identifier: MIT
#include "routing/loop_places.hpp"

#include <algorithm>
#include <unordered_set>

namespace dproxy::routing {

namespace {

std::uint32_t labels_of(dns::Bytes name) {
    std::uint32_t count = 0;
    for (std::size_t at = 0; name[at] != 0; at += std::size_t{name[at]} + 1) ++count;
    return count;
}

dns::Name name_of(dns::Bytes wire) {
    std::size_t at = 0;
    return *dns::Name::read(wire, at);
}

struct NewPattern {
    std::uint32_t rank;  ///< the lower, the sooner
    RouteIndex route;
    dns::Bytes domain;
};

bool sooner(const NewPattern& a, const NewPattern& b) { return a.rank < b.rank; }

/// Wildcards first, few labels first.
std::uint32_t rank_of(const Pattern& pattern) {
    constexpr std::uint32_t after_wildcards = 128;  // labels that a name may have
    return labels_of(pattern.name) + (has_below(pattern.kind) ? 0 : after_wildcards);
}

void keep_the_soonest(std::vector<NewPattern>& candidates, std::size_t count) {
    if (candidates.size() <= count) return;
    const auto end = candidates.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(candidates.begin(), end, candidates.end(), sooner);
    candidates.erase(end, candidates.end());
}

/// Collects places of one table, each once.
class Collection {
public:
    Collection(const RouteTable& table, const std::shared_ptr<const RouteSettings>& master)
        : table_(table), master_(master) {}

    void add_master_root() {
        if (master_) add({master_, master_route_key, "(master)", {}, 0, {}, 1});
    }

    void add_route(RouteIndex route, dns::Bytes domain, std::size_t pattern_length) {
        const RouteTable::Source source = table_.source(route);
        add({table_.settings_list()[table_.settings_index(route)], table_.key(route), std::string(table_.label(route)),
             std::string(source.file), source.line, name_of(domain), pattern_length});
    }

    /// Wherever `name` goes, whoever asks, asked about `domain`.
    void add_ways_of(dns::Bytes name, dns::Bytes domain) {
        bool for_everybody = false;
        for (const RouteTable::Match& way : table_.ways(name)) {
            add_route(way.route, domain, way.pattern_length);
            for_everybody = for_everybody || table_.settings(way.route).audience.is_everybody();
        }
        if (!for_everybody && master_) add({master_, master_route_key, "(master)", {}, 0, name_of(domain), 1});
    }

    /// At the domain, below it, and beside it.
    void add_neighbours(dns::Bytes domain) {
        add_ways_of(domain, domain);
        add_below(domain);
        const std::size_t parent = std::size_t{domain[0]} + 1;
        if (domain.size() > 1 && domain.size() > parent + 1) add_below(domain.subspan(parent));
    }

    std::vector<LoopPlace> take() { return std::move(places_); }

private:
    void add_below(dns::Bytes domain) {
        // No pattern has this label, whose bytes are not those of a name in a file.
        std::vector<std::uint8_t> name{4, 0, 1, 2, 3};
        if (name.size() + domain.size() > dns::max_name_length) return;
        name.insert(name.end(), domain.begin(), domain.end());
        add_ways_of(name, domain);
    }

    void add(LoopPlace place) {
        if (place.settings->answer != LocalAnswer::none) return;
        if (known_.insert(hash_of_place(place)).second) places_.push_back(std::move(place));
    }

    const RouteTable& table_;
    const std::shared_ptr<const RouteSettings>& master_;
    std::unordered_set<std::uint64_t> known_;
    std::vector<LoopPlace> places_;
};

}  // namespace

LoopPlaces::Chosen LoopPlaces::choose(const RouteTable& table, const std::shared_ptr<const RouteSettings>& master) {
    std::vector<std::uint64_t> present;
    std::vector<NewPattern> candidates;
    std::size_t new_patterns = 0;
    for (RouteIndex route = 0; route < table.route_count(); ++route) {
        const RouteSettings& settings = table.settings(route);
        if (settings.answer != LocalAnswer::none) continue;
        const std::uint64_t key = table.key(route);
        for (const Pattern pattern : table.patterns(route)) {
            const std::uint64_t hash = hash_of_place(&settings, key, pattern.name, pattern.name.size());
            present.push_back(hash);
            if (std::binary_search(known_.begin(), known_.end(), hash)) continue;
            ++new_patterns;
            candidates.push_back({rank_of(pattern), route, pattern.name});
            if (candidates.size() == 2 * max_new_patterns) keep_the_soonest(candidates, max_new_patterns);
        }
    }
    keep_the_soonest(candidates, max_new_patterns);
    std::sort(candidates.begin(), candidates.end(), sooner);
    std::sort(present.begin(), present.end());
    known_ = std::move(present);
    settings_ = table.settings_list();

    Collection collection(table, master);
    if (master != master_) collection.add_master_root();
    master_ = master;
    for (const NewPattern& one : candidates) collection.add_route(one.route, one.domain, one.domain.size());
    for (const NewPattern& one : candidates) collection.add_neighbours(one.domain);
    return {collection.take(), new_patterns - candidates.size()};
}

std::vector<LoopPlace> LoopPlaces::others_of(const LoopPlace& place, const RouteTable& table) {
    const dns::Bytes own = place.domain.wire().last(place.pattern_length);
    const std::shared_ptr<const RouteSettings> no_master;
    Collection others(table, no_master);
    std::size_t count = 0;
    for (RouteIndex route = 0; route < table.route_count(); ++route) {
        if (&table.settings(route) != place.settings.get() || table.key(route) != place.route_key) continue;
        for (const Pattern pattern : table.patterns(route)) {
            if (dns::equal_ignoring_case(pattern.name, own) || ++count > max_new_patterns) continue;
            others.add_route(route, pattern.name, pattern.name.size());
        }
    }
    return others.take();
}

}  // namespace dproxy::routing
