// SPDX-License-Identifier: MIT
// A list of patterns that sections name by `patterns`: a text file beside the route file, one pattern a line, from its
// text. Decides without I/O.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "ini/diagnostic.hpp"
#include "route_files/content_hash.hpp"
#include "routing/pattern_list.hpp"

namespace dproxy::config {

inline constexpr std::size_t max_list_file_size = 64 * 1024 * 1024;
inline constexpr std::size_t max_list_line_bytes = 4096;
inline constexpr std::size_t max_faults_per_list = 100;  ///< told; the rest is counted
/// With more the file is none of patterns, and is refused as a whole.
inline constexpr std::size_t max_broken_lines = 10'000;

struct ListParse {
    std::shared_ptr<const routing::PatternList> list;  ///< null where it is refused
    Diagnostics diagnostics;  ///< of its lines, which are left out; warnings leave them in
    std::string refused{};    ///< why
};

/// A list as a route file finds it.
struct NamedList {
    std::shared_ptr<const routing::PatternList> list;  ///< null: `fault` says why, unless it is `held`
    ContentHash content;                               ///< of the list, or of the fault
    std::string fault;
    bool held = false;  ///< new, and still being written
};

/// `file_name` is what the messages write, `directory/name`. Empty lines and what follows a `#` (at the beginning of a
/// line or after white space) mean nothing; CRLF and a byte order mark are accepted.
ListParse parse_list(std::string_view text, std::string_view file_name);

}  // namespace dproxy::config
