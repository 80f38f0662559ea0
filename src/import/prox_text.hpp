// SPDX-License-Identifier: MIT
// Sections in the making, written as a route file that `dproxy check` accepts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "import/alike_sections.hpp"
#include "import/draft.hpp"

namespace dproxy::foreign {

struct ProxText {
    std::string text;
    std::vector<List> lists;  ///< that its sections name; to lie beside it
};

/// The sections of the draft in their order, each with the line that it comes from. What a route file cannot say after
/// all is told in the draft's own list: a section that the reader of route files refuses, a pattern that stands twice,
/// more than a file holds. Sections that stand next to each other and say the same become one. Where the text is longer
/// than a route file may be, and lists have a name (`called`), sections that are alike become one with a list.
ProxText prox_text(Draft& draft, std::string_view source, std::string_view called = {});

}  // namespace dproxy::foreign
