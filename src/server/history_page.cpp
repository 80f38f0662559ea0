// SPDX-License-Identifier: MIT
#include "server/history_page.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/rfc3339.hpp"

namespace dproxy::server {

using telemetry::History;
using telemetry::Past;
using telemetry::Period;
using telemetry::Slot;

namespace {

constexpr std::size_t piece_bytes = 64 * 1024;

void append_number(std::uint32_t number, std::string& text) { text += std::to_string(number); }

void append_number(telemetry::BriefDuration duration, std::string& text) {
    if (duration.is_none()) {
        text += "null";
        return;
    }
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), duration.milliseconds(),
                                            std::chars_format::fixed, 3);
    text.append(digits.data(), end);
}

template <typename Member>
void append_members(std::string_view name, const std::vector<Period>& periods, Member Period::*member,
                    std::string& text) {
    text.append("\"").append(name).append("\":[");
    for (std::size_t i = 0; i < periods.size(); ++i) {
        if (i > 0) text += ',';
        if (periods[i].is_known()) {
            append_number(periods[i].*member, text);
        } else {
            text += "null";
        }
    }
    text += ']';
}

void append_periods(std::string_view name, const std::vector<Period>& periods, std::string& text) {
    text.append("\"").append(name).append("\":{");
    append_members("queries", periods, &Period::queries, text);
    text += ',';
    append_members("failures", periods, &Period::failures, text);
    text += ',';
    append_members("p50_ms", periods, &Period::p50, text);
    text += ',';
    append_members("p99_ms", periods, &Period::p99, text);
    text += '}';
}

/// From the first that is known on.
template <typename PeriodAt>
std::vector<Period> known_periods(std::int64_t last, std::int64_t kept, const PeriodAt& period_at) {
    std::vector<Period> periods;
    for (std::int64_t at = last - kept + 1; at <= last; ++at) {
        const Period period = period_at(at);
        if (period.is_known() || !periods.empty()) periods.push_back(period);
    }
    return periods;
}

/// As it was when `second` had been looked at, and no more than the last `most` seconds.
void append_past(const Past& past, std::int64_t second, std::int64_t most, std::string& text) {
    const std::int64_t seconds = std::min(most, Past::seconds_kept);
    const std::int64_t tens = std::min((most + 9) / 10, Past::tens_kept);
    const std::int64_t last_ten = (second + 1) / 10 - 1;
    append_periods("seconds",
                   known_periods(second, seconds, [&](std::int64_t at) { return past.second(at); }), text);
    text += ',';
    append_periods("tens", known_periods(last_ten, tens, [&](std::int64_t at) { return past.ten(at); }),
                   text);
}

std::string json_text_of(std::string_view text) { return boost::json::serialize(boost::json::string(text)); }

/// What has still to be told.
struct Reading {
    std::int64_t most = 0;  ///< seconds of each
    std::int64_t second = 0;
    std::vector<Slot> routes{};
    std::vector<Slot> upstreams{};
    std::size_t at = 0;    ///< into routes, then into upstreams
    bool is_first = true;  ///< of its list

    void begin(const History& history, std::chrono::system_clock::time_point looked, std::string& text);
    void append_one(const Past* past, std::string_view kind, std::string_view label, std::string& text);
    /// False: that was the end.
    bool append_next(const HistoryWatch& watch, std::string& text);
};

/// Those that have lost their past since the beginning are left out.
void Reading::append_one(const Past* past, std::string_view kind, std::string_view label, std::string& text) {
    if (past == nullptr) return;
    if (!std::exchange(is_first, false)) text += ',';
    text.append("{\"").append(kind).append("\":").append(json_text_of(label)).append(",");
    append_past(*past, second, most, text);
    text += '}';
}

void Reading::begin(const History& history, std::chrono::system_clock::time_point looked, std::string& text) {
    second = history.last_second();
    routes = history.routes().slots();
    upstreams = history.upstreams().slots();
    const std::chrono::seconds since_ten((second + 1) % 10);
    text += "{\"seconds_until\":" + json_text_of(config::rfc3339(looked)) +
            ",\"tens_until\":" + json_text_of(config::rfc3339(looked - since_ten)) +
            ",\"routes_left_out\":" + std::to_string(history.routes().left_out()) +
            ",\"upstreams_left_out\":" + std::to_string(history.upstreams().left_out()) + ",\"total\":{";
    append_past(history.total(), second, most, text);
    text += "},\"routes\":[";
}

bool Reading::append_next(const HistoryWatch& watch, std::string& text) {
    if (at < routes.size()) {
        const Slot slot = routes[at++];
        watch.read([&](const History& history, auto) {
            append_one(history.routes().find(slot), "route", route_label(*history.labels(), slot), text);
        });
        return true;
    }
    const std::size_t index = at++ - routes.size();
    if (index == 0) {
        text += "],\"upstreams\":[";
        is_first = true;
    }
    if (index == upstreams.size()) {
        text += "]}";
        return false;
    }
    watch.read([&](const History& history, auto) {
        const Slot slot = upstreams[index];
        append_one(history.upstreams().find(slot), "upstream", upstream_label(*history.labels(), slot), text);
    });
    return true;
}

}  // namespace

admin::NextPiece history_page(const HistoryWatch& watch, std::uint32_t seconds) {
    return [&watch, reading = Reading{seconds}, has_begun = false](std::string& text) mutable {
        const std::size_t end = text.size() + piece_bytes;
        if (!std::exchange(has_begun, true)) {
            watch.read([&](const History& history, auto looked) { reading.begin(history, looked, text); });
        }
        while (text.size() < end) {
            if (!reading.append_next(watch, text)) return false;
        }
        return true;
    };
}

}  // namespace dproxy::server
