// SPDX-License-Identifier: MIT
// A fault in a file of the operator's, written for the person who must mend it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dproxy::config {

enum class Severity : std::uint8_t { warning, error };

struct Diagnostic {
    Severity severity = Severity::error;
    std::string file;        ///< `directory/name`, an environment variable or a flag
    std::uint32_t line = 0;  ///< 0: the whole file
    std::string message;     ///< what was found, what was expected

    std::string to_string() const;  ///< `file:line: message`, `file: message`
    auto operator<=>(const Diagnostic&) const = default;
};

using Diagnostics = std::vector<Diagnostic>;

}  // namespace dproxy::config
