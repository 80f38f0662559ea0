// SPDX-License-Identifier: MIT
// The plugin `cache` of a Corefile.
#pragma once

#include <string>
#include <vector>

#include "import/caching.hpp"
#include "import/corefile_blocks.hpp"

namespace dproxy::foreign {

struct CorefileCache {
    Caching caching{};
    std::vector<std::string> zones{};  ///< as plain_name() has them; empty: those of the block
};

/// What has no counterpart is told.
CorefileCache read_corefile_cache(const CorefileDirective& directive, Draft& draft);

}  // namespace dproxy::foreign
