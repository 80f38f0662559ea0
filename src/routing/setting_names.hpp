// SPDX-License-Identifier: MIT
// The settings of a route as they are written in a .prox file, for reports.
#pragma once

#include <string_view>

#include "routing/route_settings.hpp"

namespace dproxy::routing {

std::string_view name_of(Protocol protocol);
std::string_view name_of(Policy policy);
std::string_view name_of(Health health);
std::string_view name_of(LocalAnswer answer);  ///< empty for none

}  // namespace dproxy::routing
