// SPDX-License-Identifier: MIT
// The files that the sections of a route file name beside it: lists of patterns, and what tls_ keys are for. By their
// names only. Decides without I/O.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dproxy::config {

inline constexpr std::size_t max_name_beside_length = 255;

struct FilesBeside {
    std::vector<std::string> lists{};  ///< behind `patterns =`
    std::vector<std::string> texts{};  ///< behind `tls_ca =`, `tls_cert =` and `tls_key =`

    bool empty() const { return lists.empty() && texts.empty(); }
    auto operator<=>(const FilesBeside&) const = default;
};

/// Why a file beside a route file cannot be called so: a sentence, or nothing.
std::string name_beside_fault(std::string_view name, std::string_view extension);

/// What the sections of a route file name, each once, as far as it can be the name of such a file.
FilesBeside files_named_in(std::string_view text, std::string_view extension);

}  // namespace dproxy::config
