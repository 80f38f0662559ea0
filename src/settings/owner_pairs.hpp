// SPDX-License-Identifier: MIT
// The setting `owners`, from text.
#pragma once

#include <cstddef>
#include <string_view>

#include "ini/typed_values.hpp"
#include "routing/owners.hpp"

namespace dproxy::config {

inline constexpr std::size_t max_owner_pairs = 4096;

/// `team-a=.team-a.example, team-b=corp.example, *=.shared.example`: pairs of directory and pattern, separated by
/// commas or white space.
Parsed<routing::Owners> parse_owners(std::string_view text);

}  // namespace dproxy::config
