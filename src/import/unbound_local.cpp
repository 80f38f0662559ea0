// SPDX-License-Identifier: MIT
#include "import/unbound_local.hpp"

#include <algorithm>
#include <array>

#include "ini/excerpt.hpp"
#include "ini/typed_values.hpp"
#include "net/address.hpp"

namespace dproxy::foreign {
namespace {

constexpr std::string_view default_ttl = "3600";  ///< of local data, and of `always_null`

struct ZoneType {
    std::string_view name;
    std::string_view answer;  ///< of names without data; empty: they are looked up as others are
};
constexpr ZoneType zone_types[] = {
    {"deny", "drop"},          {"inform_deny", "drop"},       {"always_deny", "drop"},
    {"refuse", "refused"},     {"always_refuse", "refused"},  {"static", "nxdomain"},
    {"always_nxdomain", "nxdomain"}, {"always_nodata", "nodata"}, {"always_null", "0.0.0.0, ::"},
    {"redirect", ""},          {"inform_redirect", ""},       {"transparent", ""},
    {"typetransparent", ""},   {"always_transparent", ""},    {"nodefault", ""},
};

const ZoneType* find_type(std::string_view name) {
    const auto* found = std::find_if(std::begin(zone_types), std::end(zone_types),
                                     [&](const ZoneType& type) { return type.name == name; });
    return found == std::end(zone_types) ? nullptr : found;
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    std::size_t at = text.find_first_not_of(" \t");
    while (at != std::string_view::npos) {
        const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
        words.push_back(text.substr(at, end - at));
        at = text.find_first_not_of(" \t", end);
    }
    return words;
}

bool is_number(std::string_view word) {
    return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

void UnboundLocal::add_zone(std::uint32_t line, std::string_view name, std::string_view type, Draft& draft) {
    if (find_type(type) == nullptr) {
        return draft.leave_out(line, "`local-zone` of type " + config::excerpt(type) + " has no counterpart");
    }
    const auto [at, is_new] = zone_index_.try_emplace(plain_name(name), zones_.size());
    if (!is_new) {
        return draft.leave_out(line, "the `local-zone` " + config::excerpt(name) + " comes from line " +
                                         std::to_string(zones_[at->second].line) + " already");
    }
    zones_.push_back({line, at->first, std::string(type)});
}

void UnboundLocal::add_data(std::uint32_t line, std::string_view record, Draft& draft) {
    const auto words = words_of(record);
    std::size_t at = 1;
    std::string ttl(default_ttl);
    if (at < words.size() && is_number(words[at])) ttl = words[at++];
    if (at < words.size() && config::equal_words(words[at], "IN")) ++at;
    if (at < words.size() && at == 2 && ttl == default_ttl && is_number(words[at])) ttl = words[at++];  // IN TTL
    const bool is_complete = at + 2 == words.size();
    const auto address = is_complete ? net::Address::parse(words[at + 1]) : std::nullopt;
    const bool is_v4 = address && address->is_v4();
    if (!address || !config::equal_words(words[at], is_v4 ? "A" : "AAAA")) {
        return draft.leave_out(line,
                               config::excerpt(record) + ": `answer` gives addresses (A, AAAA) and no other records");
    }
    if (words[0].find('*') != std::string_view::npos) {
        return draft.leave_out(line, config::excerpt(words[0]) + " is taken for a name, and `*` would be a wildcard");
    }
    const auto [found, is_new] = owner_index_.try_emplace(plain_name(words[0]), owners_.size());
    if (is_new) owners_.push_back({line, found->first, {}, {}, ttl});
    Owner& owner = owners_[found->second];
    auto& list = is_v4 ? owner.v4 : owner.v6;
    auto text = address->to_string();
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
}

/// The closest one at or above the name.
const UnboundLocal::Zone* UnboundLocal::zone_of(std::string_view name) const {
    while (true) {
        if (const auto found = zone_index_.find(name); found != zone_index_.end()) return &zones_[found->second];
        if (name.empty()) return nullptr;
        const auto dot = name.find('.');
        name = dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
    }
}

void UnboundLocal::set_addresses(const Owner& owner, Section& section) {
    auto addresses = owner.v4;
    addresses.insert(addresses.end(), owner.v6.begin(), owner.v6.end());
    section.set("answer", joined(addresses));
    section.set("ttl", owner.ttl + "s");
}

void UnboundLocal::write(const std::vector<std::pair<std::string, std::string>>& keys, Draft& draft) const {
    for (const Zone& zone : zones_) write_zone(zone, {zone.line, {zone_pattern(zone.name)}, keys}, draft);
    for (const Owner& owner : owners_) write_owner(owner, {owner.line, {owner.name}, keys}, draft);
}

void UnboundLocal::write_zone(const Zone& zone, Section section, Draft& draft) const {
    const ZoneType& type = *find_type(zone.type);
    if (!type.answer.empty()) {
        section.set("answer", std::string(type.answer));
        if (zone.type == "always_null") section.set("ttl", std::string(default_ttl) + "s");
        return draft.add(std::move(section));
    }
    if (zone.type != "redirect" && zone.type != "inform_redirect") return;
    const auto owner = owner_index_.find(zone.name);
    if (owner == owner_index_.end()) {
        return draft.leave_out(zone.line, "`redirect` without an address in `local-data` has no counterpart");
    }
    set_addresses(owners_[owner->second], section);
    draft.add(std::move(section));
}

/// For other types than those it has data of, a name in a `static` or `transparent` zone has nothing; in others it is
/// treated as all names of the zone are.
void UnboundLocal::write_owner(const Owner& owner, Section section, Draft& draft) const {
    const Zone* zone = zone_of(owner.name);
    const std::string_view type = zone == nullptr ? "transparent" : std::string_view(zone->type);
    if (type.starts_with("always_")) return;  // local data is not looked at
    if (type == "redirect" || type == "inform_redirect") {
        if (owner.name != zone->name) {
            draft.leave_out(owner.line, "the name stands below the `redirect` of line " + std::to_string(zone->line));
        }
        return;
    }
    set_addresses(owner, section);
    if (type != "transparent" && type != "static" && type != "nodefault") {
        section.set("types", owner.v6.empty() ? "A" : owner.v4.empty() ? "AAAA" : "A, AAAA");
    }
    draft.add(std::move(section));
}

}  // namespace dproxy::foreign
