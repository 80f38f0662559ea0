// SPDX-License-Identifier: MIT
// Held by tests/unit/import/named_conf_test.cpp.
#include "import/named_conf_cache.hpp"

#include <algorithm>
#include <iterator>

#include "ini/excerpt.hpp"

namespace dproxy::foreign {
namespace {

// What BIND goes by where nothing is said, in seconds.
constexpr std::uint32_t own_longest = seven_days;
constexpr std::uint32_t own_negative = 3 * 60 * 60;
constexpr std::uint32_t own_stale = 24 * 60 * 60;

constexpr std::string_view statements[] = {"max-cache-ttl", "min-cache-ttl", "max-ncache-ttl", "stale-answer-enable",
                                           "max-stale-ttl"};

/// `3600`, or one number with one unit: `1h`, `7d`, `1W`. What is none of these cache_seconds() tells.
std::optional<std::uint32_t> seconds_of(const NamedStatement& statement, Draft& draft) {
    const auto text = statement.word(1);
    constexpr std::string_view units = "smhdw";
    constexpr std::uint32_t lengths[] = {1, 60, 3600, 86'400, 604'800};
    const auto unit = text.empty() ? units.npos : units.find(static_cast<char>(text.back() | 0x20));
    if (unit == units.npos) return cache_seconds(text, statement.line, draft);
    const auto count = cache_seconds(text.substr(0, text.size() - 1), statement.line, draft);
    if (!count) return std::nullopt;
    const auto seconds = std::uint64_t{*count} * lengths[unit];
    return cache_seconds(std::to_string(seconds), statement.line, draft);
}

}  // namespace

bool is_of_cache(std::string_view statement) {
    return std::find(std::begin(statements), std::end(statements), statement) != std::end(statements);
}

Caching read_named_cache(const NamedStatement& scope, Draft& draft) {
    Caching caching;
    const auto time = [&](std::string_view name) -> std::optional<std::uint32_t> {
        const auto* statement = scope.find(name);
        if (statement == nullptr) return std::nullopt;
        caching.on = true;
        return seconds_of(*statement, draft);
    };
    const auto longest = time("max-cache-ttl");
    caching.least = time("min-cache-ttl");
    const auto negative = time("max-ncache-ttl");
    const auto* enabled = scope.find("stale-answer-enable");
    const bool is_stale = enabled != nullptr && (enabled->word(1) == "yes" || enabled->word(1) == "true");
    const auto stale = time("max-stale-ttl");
    if (is_stale) {
        caching.on = true;
        caching.stale = stale.value_or(own_stale);
    }
    caching.longest = longest.value_or(own_longest);
    caching.negative = negative.value_or(own_negative);
    return caching;
}

}  // namespace dproxy::foreign
