// SPDX-License-Identifier: MIT
#include "reports/route_diff.hpp"

#include <algorithm>
#include <utility>

namespace dproxy::config {
namespace {

/// The name one label shorter; empty behind the last one. A dot after a backslash is part of a label.
std::string_view parent_of(std::string_view name) {
    for (std::size_t at = 0; at < name.size(); ++at) {
        if (name[at] == '\\') {
            ++at;
        } else if (name[at] == '.') {
            return name.substr(at + 1);
        }
    }
    return {};
}

/// What can take names of a pattern, the most specific first: itself, then every wildcard above it.
template <typename Take>
void for_each_pattern_above(std::string_view pattern, const Take& take) {
    if (take(pattern) || pattern == "*") return;
    std::string_view name = pattern.starts_with("*.") ? pattern.substr(2) : pattern;
    std::string wildcard;
    for (name = parent_of(name); !name.empty(); name = parent_of(name)) {
        wildcard.assign("*.").append(name);
        if (take(wildcard)) return;
    }
    take("*");
}

/// Those of one pattern's sections that take queries of `audience`, in `takers`: the one that takes all of them and
/// those that win over it. True: one takes all.
bool take_at(const RouteSet& set, std::uint32_t first, const Audience& audience, std::vector<Taker>& takers) {
    const auto rank_of = [&](std::uint32_t at) { return set.audience(set.entries()[at]).rank(audience); };
    std::uint32_t whole = RouteSet::none;
    for (std::uint32_t at = first; at != RouteSet::none; at = set.entries()[at].next) {
        if (!set.audience(set.entries()[at]).covers(audience)) continue;
        if (whole == RouteSet::none || rank_of(at) > rank_of(whole)) whole = at;
    }
    for (std::uint32_t at = first; at != RouteSet::none; at = set.entries()[at].next) {
        const Audience& other = set.audience(set.entries()[at]);
        if (at == whole || other.covers(audience) || !other.overlaps(audience)) continue;
        if (whole == RouteSet::none || rank_of(at) > rank_of(whole)) takers.push_back({&set, at});
    }
    if (whole != RouteSet::none) takers.push_back({&set, whole});
    return whole != RouteSet::none;
}

/// Who takes, in `set`, the names of a pattern that are no other pattern's, for queries of `audience`. Never empty.
std::vector<Taker> takers_of(const RouteSet& set, std::string_view pattern, const Audience& audience) {
    std::vector<Taker> takers;
    bool all = false;
    for_each_pattern_above(pattern, [&](std::string_view above) {
        all = take_at(set, set.find(above), audience, takers);
        return all;
    });
    if (!all) takers.push_back({&set, RouteSet::none});
    return takers;
}

}  // namespace

RouteDiff::RouteDiff(const RouteSet& before, const RouteSet& after, std::string otherwise)
    : before_(before), after_(after), otherwise_(std::move(otherwise)) {
    find_changes();
}

void RouteDiff::add(RouteChange::Kind kind, std::size_t entry) {
    changes_.push_back({kind, static_cast<std::uint32_t>(entry)});
    ++counts_[static_cast<std::size_t>(kind)];
}

bool RouteDiff::moves(const RouteSet& from, std::uint32_t entry, const RouteSet& to) const {
    const RouteSet::Entry& it = from.entries()[entry];
    const auto takers = takers_of(to, it.pattern, from.audience(it));
    return std::any_of(takers.begin(), takers.end(),
                       [&](const Taker& taker) { return destination(taker) != from.destination(it); });
}

/// A name that goes elsewhere is taken by two patterns, one on each side. If it is the same one, that one changed. If
/// not, at least one of them is in one set only, as in a set that has both the same one would win: the more specific
/// of those is found to move here, by the other side's pattern for the names that it has to itself.
void RouteDiff::find_changes() {
    const auto& now = after_.entries();
    for (std::uint32_t i = 0; i < now.size(); ++i) {
        const std::uint32_t old = before_.find(now[i].pattern, after_.audience(now[i]).text);
        if (old == RouteSet::none) {
            if (moves(after_, i, before_)) {
                add(RouteChange::Kind::added, i);
            } else {
                ++unmoved_;
            }
        } else if (before_.destination(before_.entries()[old]) != after_.destination(now[i])) {
            add(RouteChange::Kind::changed, i);
        }
    }
    const auto& old = before_.entries();
    for (std::uint32_t i = 0; i < old.size(); ++i) {
        if (after_.find(old[i].pattern, before_.audience(old[i]).text) != RouteSet::none) continue;
        if (moves(before_, i, after_)) {
            add(RouteChange::Kind::removed, i);
        } else {
            ++unmoved_;
        }
    }
}

const RouteSet::Entry& RouteDiff::entry(const RouteChange& change) const {
    return (change.kind == RouteChange::Kind::removed ? before_ : after_).entries()[change.entry];
}

const Audience& RouteDiff::audience(const RouteChange& change) const {
    return (change.kind == RouteChange::Kind::removed ? before_ : after_).audience(entry(change));
}

std::string_view RouteDiff::destination(const Taker& taker) const {
    return taker.entry == RouteSet::none ? std::string_view(otherwise_)
                                         : taker.set->destination(taker.set->entries()[taker.entry]);
}

std::vector<Taker> RouteDiff::before(const RouteChange& change) const {
    const RouteSet::Entry& it = entry(change);
    switch (change.kind) {
        case RouteChange::Kind::added: return takers_of(before_, it.pattern, audience(change));
        case RouteChange::Kind::removed: return {{&before_, change.entry}};
        case RouteChange::Kind::changed: break;
    }
    return {{&before_, before_.find(it.pattern, audience(change).text)}};
}

std::vector<Taker> RouteDiff::after(const RouteChange& change) const {
    if (change.kind == RouteChange::Kind::removed) return takers_of(after_, entry(change).pattern, audience(change));
    return {{&after_, change.entry}};
}

}  // namespace dproxy::config
