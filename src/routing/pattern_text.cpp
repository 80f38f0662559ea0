// SPDX-License-Identifier: MIT
#include "routing/pattern_text.hpp"

#include "dns/name.hpp"

namespace dproxy::routing {

std::string pattern_text(PatternKind kind, dns::Bytes name) {
    std::string text;
    append_pattern_text(text, kind, name);
    return text;
}

void append_pattern_text(std::string& text, PatternKind kind, dns::Bytes name) {
    if (name.size() == 1) {
        text += '*';
        return;
    }
    // A label that is an asterisk, and no wildcard: escaped, so that it reads back as what it is.
    const bool is_asterisk = name[0] == 1 && name[1] == '*';
    switch (kind) {
        case PatternKind::below: text += "*."; break;
        case PatternKind::both: text += '.'; break;
        case PatternKind::exact:
            if (is_asterisk) text += '\\';
            break;
    }
    dns::append_name_text(text, name);
}

std::size_t label_count(dns::Bytes name) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < name.size() && name[at] != 0; at += std::size_t{name[at]} + 1) ++count;
    return count;
}

}  // namespace dproxy::routing
