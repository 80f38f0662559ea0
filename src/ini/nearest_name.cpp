// SPDX-License-Identifier: MIT
#include "ini/nearest_name.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "dns/name.hpp"
#include "ini/excerpt.hpp"

namespace dproxy::config {
namespace {

constexpr std::size_t max_compared_length = 40;

std::uint8_t lower(char c) { return dns::to_lower(static_cast<std::uint8_t>(c)); }

/// How many letters must be put in, taken out, replaced or swapped with their neighbour.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::array<std::array<std::size_t, max_compared_length + 1>, max_compared_length + 1> cost;
    for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (same ? 0U : 1U)});
            const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                                 lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[a.size()][b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view text, std::span<const std::string_view> known) {
    if (text.size() > max_compared_length) return {};
    std::string_view nearest;
    // Two letters in three must be right, else the suggestion would only puzzle.
    std::size_t least = text.size() / 3 + 1;
    for (const std::string_view name : known) {
        if (name.size() > max_compared_length) continue;
        const std::size_t distance = edit_distance(text, name);
        if (distance >= least + (nearest.empty() ? 1U : 0U)) continue;
        least = distance;
        nearest = name;
    }
    return nearest;
}

std::string unknown_key(std::string_view text, std::span<const std::string_view> known) {
    std::string message = "unknown key " + excerpt(text);
    if (const std::string_view nearest = nearest_name(text, known); !nearest.empty()) {
        return message + "; did you mean `" + std::string(nearest) + "`?";
    }
    message += "; expected one of";
    std::string_view separator = " ";
    for (const std::string_view name : known) {
        message.append(separator).append("`").append(name).append("`");
        separator = ", ";
    }
    return message;
}

}  // namespace dproxy::config
