// SPDX-License-Identifier: MIT
// Held by tests/unit/route_files/route_store_tls_test.cpp.
#include "route_files/text_store.hpp"

#include <utility>

namespace dproxy::config {

void TextStore::take(FoundFile found) {
    TextEntry* const entry = take_file(found);
    if (!entry || (entry->text && *entry->text == found.text)) return;
    entry->content = hash_of(found.text);
    entry->text = std::make_shared<const std::string>(std::move(found.text));
}

NamedText TextStore::find(const std::string& name) const {
    NamedText found;
    const TextEntry* const entry = find_entry(name, found.fault);
    if (entry && entry->text) {
        found.text = entry->text;
        found.content = entry->content;
        return found;
    }
    found.held = entry != nullptr;
    found.content = hash_of(found.fault);
    return found;
}

}  // namespace dproxy::config
