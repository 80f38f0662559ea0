// SPDX-License-Identifier: MIT
// Held by tests/unit/route_files/route_store_lists_test.cpp.
#include "route_files/list_store.hpp"

#include <algorithm>
#include <utility>

#include "route_files/on_threads.hpp"

namespace dproxy::config {

void ListStore::take(FoundFile found) {
    ListEntry* const entry = take_file(found);
    if (!entry) return;
    entry->text = std::move(found.text);
    entry->taken = true;
}

void ListStore::parse_taken(unsigned threads) {
    std::vector<std::pair<const std::string*, ListEntry*>> taken;
    for (auto& [name, entry] : entries_) {
        if (entry.taken) taken.emplace_back(&name, &entry);
    }
    for_each_on_threads(taken, threads, [](const auto& one) { parse(*one.first, *one.second); });
}

void ListStore::parse(const std::string& name, ListEntry& entry) {
    const ContentHash content = hash_of(entry.text);
    if (entry.content != content) {
        entry.parsed = parse_list(entry.text, name);
        entry.content = content;
    }
    entry.text = {};
    entry.taken = false;
}

NamedList ListStore::find(const std::string& name) const {
    NamedList found;
    const ListEntry* const entry = find_entry(name, found.fault);
    if (entry && entry->content) {
        found.list = entry->parsed.list;
        if (!found.list) found.fault = entry->parsed.refused;
        found.content = *entry->content;
        return found;
    }
    found.held = entry != nullptr;
    found.content = hash_of(found.fault);
    return found;
}

bool ListStore::has_errors(const std::string& name) const {
    const auto at = entries_.find(name);
    if (at == entries_.end()) return false;
    const Diagnostics& faults = at->second.parsed.diagnostics;
    return std::any_of(faults.begin(), faults.end(),
                       [](const Diagnostic& fault) { return fault.severity == Severity::error; });
}

void ListStore::append_faults(Diagnostics& faults) const {
    for (const auto& [name, entry] : entries_) {
        faults.insert(faults.end(), entry.parsed.diagnostics.begin(), entry.parsed.diagnostics.end());
    }
}

}  // namespace dproxy::config
