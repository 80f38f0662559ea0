// SPDX-License-Identifier: MIT
#include "cli/top_facts.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <string_view>

namespace dproxy::cli {
namespace {

namespace json = boost::json;

const json::object* object_in(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr ? value->if_object() : nullptr;
}

const json::array* array_in(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr ? value->if_array() : nullptr;
}

std::string text_in(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<double> number(const json::value& value) {
    if (!value.is_number()) return std::nullopt;
    return value.to_number<double>();
}

std::uint64_t count_in(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    const bool is_count = value != nullptr && value->is_int64() && value->get_int64() >= 0;
    return is_count ? static_cast<std::uint64_t>(value->get_int64()) : 0;
}

/// The second at `at`, null or not a number where that is not known.
std::optional<double> number_at(const json::array* list, std::size_t at) {
    return list != nullptr && at < list->size() ? number((*list)[at]) : std::nullopt;
}

/// Nothing where it is not what /history tells.
std::optional<Pace> pace_of(const json::object& one) {
    const json::object* seconds = object_in(one, "seconds");
    const json::array* queries = seconds != nullptr ? array_in(*seconds, "queries") : nullptr;
    if (queries == nullptr) return std::nullopt;
    const json::array* failures = array_in(*seconds, "failures");
    const json::array* p50 = array_in(*seconds, "p50_ms");
    const json::array* p99 = array_in(*seconds, "p99_ms");
    Pace pace;
    double known = 0, weighted = 0, weight = 0;
    for (std::size_t at = 0; at < queries->size(); ++at) {
        const auto asked = number_at(queries, at);
        if (!asked) continue;
        ++known;
        pace.queries += *asked;
        pace.failures += number_at(failures, at).value_or(0);
        if (const auto usual = number_at(p50, at)) {
            weighted += *usual * *asked;
            weight += *asked;
        }
        if (const auto slow = number_at(p99, at)) pace.p99_ms = std::max(pace.p99_ms.value_or(0), *slow);
    }
    if (weight > 0) pace.p50_ms = weighted / weight;
    if (known > 0) {
        pace.queries /= known;
        pace.failures /= known;
    }
    return pace;
}

std::vector<TopLine> lines_of(const json::object& history, std::string_view list, std::string_view kind) {
    std::vector<TopLine> lines;
    const json::array* all = array_in(history, list);
    for (const json::value& one : all != nullptr ? *all : json::array()) {
        const json::object* object = one.if_object();
        const auto pace = object != nullptr ? pace_of(*object) : std::nullopt;
        if (pace) lines.push_back({text_in(*object, kind), *pace, std::nullopt});
    }
    return lines;
}

/// One address may be several upstreams, by other protocols or names: down, where one of them is.
void add_states(const json::object& status, std::vector<TopLine>& upstreams) {
    std::map<std::string, bool, std::less<>> up;
    const json::array* all = array_in(status, "upstreams");
    for (const json::value& one : all != nullptr ? *all : json::array()) {
        const json::object* object = one.if_object();
        const json::value* state = object != nullptr ? object->if_contains("up") : nullptr;
        if (state == nullptr || !state->is_bool()) continue;
        const auto [at, is_new] = up.emplace(text_in(*object, "address"), state->get_bool());
        if (!is_new) at->second = at->second && state->get_bool();
    }
    for (TopLine& line : upstreams) {
        const auto found = up.find(line.name);
        if (found != up.end()) line.up = found->second;
    }
    // Those that nobody asked have no past; where one is down, that is to be seen all the same.
    for (const auto& one : up) {
        const bool is_shown = std::any_of(upstreams.begin(), upstreams.end(),
                                          [&](const TopLine& line) { return line.name == one.first; });
        if (!is_shown && !one.second) upstreams.push_back({one.first, {}, false});
    }
}

}  // namespace

std::optional<TopFacts> read_top(const json::value& history, const json::value& status) {
    const json::object* past = history.if_object();
    const json::object* state = status.if_object();
    const json::object* all = past != nullptr ? object_in(*past, "total") : nullptr;
    const auto total = all != nullptr ? pace_of(*all) : std::nullopt;
    if (!total || state == nullptr) return std::nullopt;
    TopFacts facts;
    facts.version = text_in(*state, "version");
    facts.uptime_s = count_in(*state, "uptime_seconds");
    facts.workers = count_in(*state, "workers");
    facts.not_ready = text_in(*state, "not_ready");
    if (const json::object* traffic = object_in(*state, "traffic")) facts.inflight = count_in(*traffic, "inflight");
    facts.total = *total;
    facts.routes = lines_of(*past, "routes", "route");
    facts.upstreams = lines_of(*past, "upstreams", "upstream");
    facts.left_out = count_in(*past, "routes_left_out") + count_in(*past, "upstreams_left_out");
    add_states(*state, facts.upstreams);
    return facts;
}

}  // namespace dproxy::cli
