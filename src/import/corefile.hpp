// SPDX-License-Identifier: MIT
// A Corefile, as CoreDNS reads it.
#pragma once

#include <string_view>

#include "import/draft.hpp"

namespace dproxy::foreign {

/// Adds to the draft what the text says of routes, and what it says besides.
void read_corefile(std::string_view text, Draft& draft);

}  // namespace dproxy::foreign
