// SPDX-License-Identifier: MIT
#include "import/caching.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "ini/excerpt.hpp"

namespace dproxy::foreign {
namespace {

constexpr std::uint32_t default_longest = 24 * 60 * 60;  ///< of `cache_ttl`

std::string seconds(std::uint32_t count) { return std::to_string(count) + "s"; }

}  // namespace

void Caching::write(Section& section) const {
    if (!on || section.get("address").empty()) return;
    section.set("cache", "on");
    if (least || longest) {
        const auto most = std::max(longest.value_or(default_longest), least.value_or(0));
        section.set("cache_ttl", seconds(least.value_or(0)) + "-" + seconds(most));
    }
    if (negative) section.set("cache_negative", seconds(*negative));
    if (stale.value_or(0) > 0) {
        section.set("cache_stale", seconds(*stale));
        if (stale_at_once) section.set("cache_stale_after", "0s");
        if (!stale_at_once && stale_after_ms) {
            section.set("cache_stale_after", std::to_string(*stale_after_ms) + "ms");
        }
    }
    if (prefetch > 0) section.set("cache_prefetch", std::to_string(prefetch));
}

std::optional<std::uint32_t> cache_seconds(std::string_view text, std::uint32_t line, Draft& draft) {
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size()) {
        draft.leave_out(line, config::excerpt(text) + " was found; expected a number of seconds");
        return std::nullopt;
    }
    if (count <= seven_days) return count;
    draft.leave_out(line, config::excerpt(text) + " seconds are more than answers are kept here; 7 days are taken");
    return seven_days;
}

}  // namespace dproxy::foreign
