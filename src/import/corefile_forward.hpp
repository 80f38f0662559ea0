// SPDX-License-Identifier: MIT
// The plugins of a Corefile that say where queries go, and who may ask: `forward` (and `proxy`, its older name), `acl`.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "import/corefile_blocks.hpp"
#include "import/draft.hpp"

namespace dproxy::foreign {

struct CorefileForward {
    std::uint32_t line = 0;
    std::string from;                 ///< as plain_name() has it, empty for the root
    std::vector<std::string> except;  ///< names, and all below them, that are not forwarded
    std::vector<std::pair<std::string, std::string>> keys;
};

/// Nothing where there is no server that can be named; what is left out is told.
std::optional<CorefileForward> read_corefile_forward(const CorefileDirective& directive, Draft& draft);

/// The networks of `allow net NETWORK...` that is followed by `block` for all others, the one form that is `allow` in a
/// section. Empty where the plugin says something else, which is told.
std::vector<std::string> read_corefile_acl(const CorefileDirective& directive, Draft& draft);

}  // namespace dproxy::foreign
