// SPDX-License-Identifier: MIT
#include "route_files/keeping_keys.hpp"

#include "ini/excerpt.hpp"
#include "ini/typed_values.hpp"

namespace dproxy::config {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds max_stale_after{10'000};

/// Whole seconds up to a week: TTLs have no parts of one.
std::string read_seconds(std::string_view value, seconds& field) {
    const auto parsed = parse_duration(value, milliseconds{0}, routing::max_kept);
    if (!parsed) return parsed.fault;
    const auto whole = std::chrono::duration_cast<seconds>(*parsed);
    if (whole != *parsed) return excerpt(value) + " was found; expected whole seconds";
    field = whole;
    return {};
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

std::string read_switch(std::string_view value, bool& field) {
    const auto parsed = parse_switch(value);
    if (parsed) field = *parsed;
    return parsed.fault;
}

}  // namespace

std::string read_cache(std::string_view value, routing::Keeping& keeping) { return read_switch(value, keeping.cache); }

std::string read_merge(std::string_view value, routing::Keeping& keeping) { return read_switch(value, keeping.merge); }

std::string read_cache_ttl(std::string_view value, routing::Keeping& keeping) {
    const auto dash = value.find('-');
    if (dash == std::string_view::npos) {
        return excerpt(value) + " was found; expected the least and the longest time, such as `0s-1h`";
    }
    std::string fault = read_seconds(trimmed(value.substr(0, dash)), keeping.least);
    if (fault.empty()) fault = read_seconds(trimmed(value.substr(dash + 1)), keeping.most);
    if (!fault.empty()) return fault;
    if (keeping.least <= keeping.most) return {};
    return excerpt(value) + " was found; expected the least time before the longest";
}

std::string read_cache_negative(std::string_view value, routing::Keeping& keeping) {
    return read_seconds(value, keeping.negative);
}

std::string read_cache_stale(std::string_view value, routing::Keeping& keeping) {
    if (equal_words(value, "off")) return {};
    const std::string fault = read_seconds(value, keeping.stale);
    return fault.empty() ? fault : fault + ", or `off`";
}

std::string read_cache_stale_after(std::string_view value, routing::Keeping& keeping) {
    const auto parsed = parse_duration(value, milliseconds{0}, max_stale_after);
    if (parsed) keeping.stale_after = *parsed;
    return parsed.fault;
}

std::string read_cache_prefetch(std::string_view value, routing::Keeping& keeping) {
    if (equal_words(value, "off")) return {};
    const auto parsed = parse_number(value, 1, routing::max_prefetch);
    if (!parsed) return parsed.fault + ", or `off`";
    keeping.prefetch = static_cast<std::uint32_t>(*parsed);
    return {};
}

}  // namespace dproxy::config
