// SPDX-License-Identifier: MIT
// The INI form of .prox files and of the main file: sections, keys and faults of form, line
// by line. What they mean is the callers' to say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dproxy::config {

inline constexpr std::size_t max_ini_line_bytes = 4096;  ///< without the line's end
inline constexpr std::size_t max_ini_file_bytes = 1024 * 1024;
inline constexpr std::size_t max_ini_key_length = 64;
inline constexpr std::size_t max_ini_faults = 200;  ///< reading ends there: the file is none of ours

struct IniEvent {
    enum class Kind : std::uint8_t { section, key, fault };
    Kind kind = Kind::fault;
    std::uint32_t line = 0;  ///< from 1; 0: the whole file
    std::string key;         ///< of a key: its name in lower case
    /// Of a section: what stands between the brackets, trimmed; empty where the header is faulty (the fault
    /// comes just after). Of a key: the value, without quotes and comment; may be empty. Into the text given.
    std::string_view text;
    std::string fault;  ///< of a fault: what was found, what was expected
};

/// Every section, key and fault, in the order of the lines. The events refer to `text`, whose first line counts as
/// `first_line`.
std::vector<IniEvent> read_ini(std::string_view text, std::uint32_t first_line = 1);

/// A part of a text that begins with a section's header, or what stands before the first one. Read one by one, the
/// parts give what the text gives, but that a byte order mark is the first part's.
struct IniPart {
    std::uint32_t line = 1;   ///< of its first line
    std::string_view header;  ///< the line without its end; empty before the first section
    std::string_view body;    ///< the lines after it
    std::string_view text() const;
    /// Where the header is beyond doubt, what stands between its brackets, trimmed.
    std::optional<std::string_view> plain_section() const;
};

/// Cuts a text into its parts, from the first to the last.
class IniParts {
public:
    explicit IniParts(std::string_view text) : rest_(text) {}
    /// Nothing at the end.
    std::optional<IniPart> next();

private:
    std::string_view take_line();

    std::string_view rest_;
    std::uint32_t line_ = 1;
    std::string_view header_{};  ///< of the part that comes next
    std::uint32_t header_line_ = 1;
    bool begun_ = false;
};

}  // namespace dproxy::config
