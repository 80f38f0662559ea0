// SPDX-License-Identifier: MIT
// Held by tests/unit/route_files/route_directory_test.cpp and tests/unit/route_files/list_file_test.cpp.
#include "route_files/shown_name.hpp"

#include <cstddef>

namespace dproxy::config {

namespace {

/// Of the character that begins with this byte; 0 where none does.
std::size_t utf8_length(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead < 0xc2 || lead > 0xf4) return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

}  // namespace

bool is_showable(std::string_view name) {
    for (const char letter : name) {
        if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) return false;
    }
    std::size_t at = 0;
    while (at < name.size()) {
        const auto lead = static_cast<unsigned char>(name[at]);
        const std::size_t length = utf8_length(lead);
        if (length == 0 || at + length > name.size()) return false;
        for (std::size_t next = 1; next < length; ++next) {
            if ((static_cast<unsigned char>(name[at + next]) & 0xc0) != 0x80) return false;
        }
        at += length;
    }
    return true;
}

}  // namespace dproxy::config
