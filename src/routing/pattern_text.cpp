// SPDX-License-Identifier: MIT
#include "routing/pattern_text.hpp"

#include "dns/name.hpp"

namespace dproxy::routing {

std::string pattern_text(PatternKind kind, dns::Bytes name) {
    if (name.size() == 1) return "*";
    std::string text = dns::name_to_text(name);
    switch (kind) {
        case PatternKind::below: return "*." + text;
        case PatternKind::both: return '.' + text;
        case PatternKind::exact: break;
    }
    // A label that is an asterisk, and no wildcard: escaped, so that it reads back as what it is.
    return text == "*" || text.starts_with("*.") ? '\\' + text : text;
}

std::size_t label_count(dns::Bytes name) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < name.size() && name[at] != 0; at += std::size_t{name[at]} + 1) ++count;
    return count;
}

}  // namespace dproxy::routing
