// SPDX-License-Identifier: MIT
// How the pages for people say things. What these give is HTML.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dproxy::server {

std::string good(std::string_view text);
std::string bad(std::string_view text);

/// `0.41 ms`, `12.3 ms`, `310 ms`.
std::string milliseconds_words(double milliseconds);
/// With as many digits as say something: `0.03`, `1.2`, `45`.
std::string number_words(double number);
std::string mebibytes_words(std::uint64_t bytes);

}  // namespace dproxy::server
