// SPDX-License-Identifier: MIT
// Sections that say the same of many names, as one section with a list: a block list of another server has hundreds of
// thousands, which are more than a route file holds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "import/draft.hpp"

namespace dproxy::foreign {

/// Of as many patterns a list is made; fewer stay where they are.
inline constexpr std::size_t patterns_worth_a_list = 1'000;

/// A file beside the route file, that `patterns` names.
struct List {
    std::string name;
    std::string text;
};

/// Sections with the same keys and together as many patterns as are worth a list become one, where the first of them
/// stood: the first pattern in its header, the others in a list, or in several if one would be too large. Lists are
/// called `called-1.txt` and so on. No pattern may stand in two sections with the same keys.
std::vector<List> take_lists(std::vector<Section>& sections, std::string_view called);

}  // namespace dproxy::foreign
