// SPDX-License-Identifier: MIT
// What is found in another server's configuration: sections of a route file in the making, and what has no counterpart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ini/diagnostic.hpp"

namespace dproxy::foreign {

/// Of more that was left out, the rest is counted in a last line.
inline constexpr std::size_t max_left_out = 10'000;

/// A section as it will be written. Values are not checked here: whoever writes the file reads it as well.
struct Section {
    std::uint32_t line = 0;  ///< of the statement that it comes from
    std::vector<std::string> patterns;
    std::vector<std::pair<std::string, std::string>> keys;

    void set(std::string key, std::string value) { keys.emplace_back(std::move(key), std::move(value)); }
    /// The value of a key, empty where it is not set.
    std::string_view get(std::string_view key) const;
};

class Draft {
public:
    explicit Draft(std::string file) : file_(std::move(file)) {}

    void add(Section section) { sections_.push_back(std::move(section)); }
    /// Line 0: the whole file.
    void leave_out(std::uint32_t line, std::string message);

    const std::string& file() const { return file_; }
    std::vector<Section>& sections() { return sections_; }
    /// In the order of the lines.
    config::Diagnostics take_left_out();

private:
    std::string file_;
    std::vector<Section> sections_;
    config::Diagnostics left_out_;
    std::size_t more_ = 0;
};

/// Items with commas between them: the value of a key that is a list.
std::string joined(const std::vector<std::string>& items);
/// `.example.com` for a zone, with everything below it; `*` for the root.
std::string zone_pattern(std::string_view zone);
/// A name in lower case, without the dot at its end; the root is empty.
std::string plain_name(std::string_view name);
/// Whether `name` is `zone` or below it; both as plain_name() has them.
bool is_within(std::string_view name, std::string_view zone);

/// "`cache-size` has no counterpart in a route file", and what there is instead, where something is known.
struct Advice {
    std::string_view word;  ///< a statement; with `*` at its end, all that begin so
    std::string_view instead;
};
std::string no_counterpart(std::string_view statement, const Advice* first, const Advice* last);
template <std::size_t N>
std::string no_counterpart(std::string_view statement, const Advice (&advice)[N]) {
    return no_counterpart(statement, advice, advice + N);
}

}  // namespace dproxy::foreign
