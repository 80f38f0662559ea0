// SPDX-License-Identifier: MIT
// The plugin `view` of a Corefile: which queries a server block is for.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "import/corefile_blocks.hpp"

namespace dproxy::foreign {

/// Empty lists: all.
struct CorefileView {
    std::vector<std::string> clients;
    std::vector<std::string> types;

    bool is_for_all() const { return clients.empty() && types.empty(); }
    /// As `clients` and `types`.
    std::vector<std::pair<std::string, std::string>> keys() const;
};

/// Of expressions that name networks, `incidr(client_ip(), '10.0.0.0/8')`, or types, `type() == 'A'` and
/// `type() in ['A', 'AAAA']`; several with `||` between them. Nothing where it says anything else.
std::optional<CorefileView> read_corefile_view(const CorefileDirective& directive);

/// Whether queries of `later` may be taken by `earlier`, which stands above it for the same zone, although dproxy would
/// give them to `later`: there the first one wins, here the longer network.
bool shadows(const CorefileView& earlier, const CorefileView& later);

}  // namespace dproxy::foreign
