// SPDX-License-Identifier: MIT
// The values of `cache`, `merge` and the keys that go with them. Each returns what is wrong with one, or nothing.
#pragma once

#include <string>
#include <string_view>

#include "routing/keeping.hpp"

namespace dproxy::config {

std::string read_cache(std::string_view value, routing::Keeping& keeping);
std::string read_merge(std::string_view value, routing::Keeping& keeping);
std::string read_cache_ttl(std::string_view value, routing::Keeping& keeping);
std::string read_cache_negative(std::string_view value, routing::Keeping& keeping);
std::string read_cache_stale(std::string_view value, routing::Keeping& keeping);
std::string read_cache_stale_after(std::string_view value, routing::Keeping& keeping);
std::string read_cache_prefetch(std::string_view value, routing::Keeping& keeping);

}  // namespace dproxy::config
