// SPDX-License-Identifier: MIT
// What named.conf says of the answers that BIND keeps.
// Held by tests/unit/import/named_conf_test.cpp.
#pragma once

#include <string_view>

#include "import/caching.hpp"
#include "import/named_conf_statements.hpp"

namespace dproxy::foreign {

/// Statements that read_named_cache() takes.
bool is_of_cache(std::string_view statement);

/// Of `options` or a view. BIND keeps answers without being told to; `on` is what says something of it.
Caching read_named_cache(const NamedStatement& scope, Draft& draft);

}  // namespace dproxy::foreign
