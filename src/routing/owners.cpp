// SPDX-License-Identifier: MIT
#include "routing/owners.hpp"

#include "routing/pattern_text.hpp"

namespace dproxy::routing {

namespace {

std::string_view text_of(dns::Bytes name) { return {reinterpret_cast<const char*>(name.data()), name.size()}; }

std::string in_quotes(std::string_view text) { return '`' + std::string(text) + '`'; }

}  // namespace

void Owners::add(std::string_view directory, PatternKind kind, const dns::Name& name) {
    const auto [number, is_new] =
        numbers_.try_emplace(std::string(directory), static_cast<std::uint32_t>(directories_.size()));
    if (is_new) directories_.push_back({std::string(directory), {}});
    Directory& owner = directories_[number->second];
    if (++owner.count <= patterns_told) owner.patterns.push_back(pattern_text(kind, name.wire()));
    owned_[std::string(text_of(name.wire()))].push_back({number->second, kind});
    ++pairs_;
}

const Owners::Directory* Owners::find_directory(std::string_view name) const {
    const auto found = numbers_.find(name);
    return found == numbers_.end() ? nullptr : &directories_[found->second];
}

std::string Owners::refusal(std::string_view directory, PatternKind kind, dns::Bytes name) const {
    const Directory* own = find_directory(directory);
    const Directory* other = nullptr;
    std::string owned_as;
    for (dns::Bytes domain = name;; domain = domain.subspan(std::size_t{domain[0]} + 1)) {
        const auto pairs = owned_.find(text_of(domain));
        if (pairs != owned_.end()) {
            for (const Pair& pair : pairs->second) {
                // `*.x` of an owner has the names below x, and not x.
                const bool is_edge = pair.kind == PatternKind::below && domain.size() == name.size() && name.size() > 1;
                if (is_edge && kind == PatternKind::exact) continue;
                const Directory& owner = directories_[pair.directory];
                const bool may = &owner == own || owner.name == every_directory;
                if (may && (!is_edge || kind == PatternKind::below)) return {};
                if (may || other != nullptr) continue;
                other = &owner;
                owned_as = pattern_text(pair.kind, domain);
            }
        }
        if (domain.size() == 1) break;
    }
    if (other != nullptr) return "is owned by " + in_quotes(other->name) + ", as " + in_quotes(owned_as);
    if (own == nullptr) return {};
    std::string text = "is none of " + in_quotes(own->name) + ", which owns ";
    for (std::size_t i = 0; i < own->patterns.size(); ++i) text += (i > 0 ? ", " : "") + in_quotes(own->patterns[i]);
    if (own->count > patterns_told) text += " and " + std::to_string(own->count - patterns_told) + " more";
    return text;
}

}  // namespace dproxy::routing
