// SPDX-License-Identifier: MIT
// What every page for people has: its head with the style sheet, the fields to ask with, and where else to look. Whole
// in itself: no script, nothing from elsewhere.
#pragma once

#include <string>
#include <string_view>

namespace dproxy::server {

/// What was asked of the page, as it came.
struct PageQuestion {
    std::string search{};  ///< in the names of routes; without white space around it, as the others are
    std::string name{};    ///< to be explained
    std::string type{};
    std::string client{};
    bool refreshes = false;  ///< it is to be asked for again and again

    bool is_asked() const { return !search.empty() || !name.empty(); }
};

/// From the beginning to the fields. `title` and `lead`, which stands below it, are HTML.
void begin_page(const PageQuestion& question, std::string_view title, std::string_view lead, std::string& page);
void end_page(std::string& page);

}  // namespace dproxy::server
