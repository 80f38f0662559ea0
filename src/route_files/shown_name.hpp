// SPDX-License-Identifier: MIT
// Names of files go into one-line messages and into labels of metrics, which are UTF-8.
#pragma once

#include <string_view>

namespace dproxy::config {

/// UTF-8 without control characters.
bool is_showable(std::string_view name);

}  // namespace dproxy::config
