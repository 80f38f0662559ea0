// SPDX-License-Identifier: MIT
// A fault in a file of the operator's, written for the person who must mend it.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace dproxy::config {

enum class Severity : std::uint8_t { warning, error };

struct Diagnostic {
    Severity severity = Severity::error;
    std::string file;        ///< `directory/name`, an environment variable or a flag
    std::uint32_t line = 0;  ///< 0: the whole file
    std::string message;     ///< what was found, what was expected
    std::string line_text{};  ///< where it is known and for everybody; no part of what is told

    std::string to_string() const;  ///< `file:line: message`, `file: message`
    /// Faults are the same where the same is told of the same place.
    auto operator<=>(const Diagnostic& other) const {
        return std::tie(severity, file, line, message) <=>
               std::tie(other.severity, other.file, other.line, other.message);
    }
    bool operator==(const Diagnostic& other) const { return (*this <=> other) == 0; }
};

using Diagnostics = std::vector<Diagnostic>;

}  // namespace dproxy::config
