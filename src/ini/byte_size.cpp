// SPDX-License-Identifier: MIT
#include "ini/byte_size.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "ini/excerpt.hpp"

namespace dproxy::config {

namespace {

constexpr std::array<std::pair<std::string_view, unsigned>, 4> units{{{"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"", 0}}};

}  // namespace

Parsed<std::uint64_t> parse_byte_size(std::string_view text, std::uint64_t min, std::uint64_t max) {
    using Size = Parsed<std::uint64_t>;
    std::uint64_t number = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    std::string_view unit = text.substr(static_cast<std::size_t>(stopped - text.data()));
    while (unit.starts_with(' ')) unit.remove_prefix(1);
    const auto known = std::find_if(units.begin(), units.end(),
                                    [unit](const auto& one) { return equal_words(one.first, unit); });
    if (stopped == text.data() || known == units.end()) {
        return Size::bad(excerpt(text) + " is not an amount of memory; expected a whole number of bytes, or with " +
                         "`KiB`, `MiB` or `GiB`, such as `64MiB`");
    }
    const bool too_many = error != std::errc{} || number > max >> known->second;
    if (too_many || number << known->second < min) {
        return Size::bad(excerpt(text) + " is out of range; expected " + byte_size_text(min) + " to " +
                         byte_size_text(max));
    }
    return Size::good(number << known->second);
}

std::string byte_size_text(std::uint64_t bytes) {
    const auto fits = [bytes](const auto& unit) {
        return bytes >> unit.second != 0 && bytes >> unit.second << unit.second == bytes;
    };
    const auto unit = std::find_if(units.begin(), units.end() - 1, fits);
    return std::to_string(bytes >> unit->second) + std::string(unit->first);
}

}  // namespace dproxy::config
