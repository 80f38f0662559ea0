// SPDX-License-Identifier: MIT
// Reports as text. A report may come from another instance: nothing is relied on to be there.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "ini/typed_values.hpp"
#include "reports/report_cells.hpp"
#include "reports/route_report.hpp"

namespace dproxy::config {
namespace {

namespace json = boost::json;

constexpr std::size_t widest_column = 48;  ///< longer cells push the next column aside
constexpr std::size_t label_width = 11;

}  // namespace

std::string text_of(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    if (value == nullptr) return {};
    if (const auto* text = value->if_string()) return std::string(*text);
    return json::serialize(*value);
}

std::string list_of(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    const auto* items = value == nullptr ? nullptr : value->if_array();
    std::string text;
    for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
        const auto* item = (*items)[i].if_string();
        text += i == 0 ? "" : ", ";
        text += item == nullptr ? json::serialize((*items)[i]) : std::string(*item);
    }
    return text;
}

namespace {

/// `file:line` of a pattern that stands in a list, or nothing.
std::string list_place_of(const json::object& object) {
    const auto list = text_of(object, "list");
    return list.empty() ? list : list + ":" + text_of(object, "list_line");
}

/// `file:line` of a section, or nothing.
std::string place_of(const json::object& object) {
    const auto file = text_of(object, "file");
    return file.empty() ? file : file + ":" + text_of(object, "line");
}

/// `REFUSED`: as rcodes are written everywhere else. Addresses as they are.
std::string answer_of(const json::object& object) {
    auto answer = text_of(object, "answer");
    if (answer.find_first_of(".:") != std::string::npos) return answer;
    std::transform(answer.begin(), answer.end(), answer.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; });
    return answer;
}

}  // namespace

std::string destination_of(const json::object& object) {
    if (const auto answer = answer_of(object); !answer.empty()) {
        return answer == "DROP" ? "dropped" : "answers " + answer;
    }
    auto upstreams = list_of(object, "upstreams");
    if (object.contains("system") && upstreams.empty()) {
        upstreams = "the nameservers of /etc/resolv.conf";
    }
    const auto protocol = text_of(object, "protocol");
    return protocol.empty() || protocol == "udp" ? upstreams : upstreams + " (" + protocol + ")";
}

namespace {

/// What a row of the table is called: a pattern, or where all other names go.
std::string subject_of(const json::object& object) {
    if (object.contains("pattern")) {
        auto subject = text_of(object, "pattern");
        if (object.contains("clients")) subject += " clients=" + list_of(object, "clients");
        if (object.contains("types")) subject += " types=" + list_of(object, "types");
        return subject;
    }
    return text_of(object, "result") == report_master ? "(master)" : "(none)";
}

using Row = std::array<std::string, 3>;

/// Columns two blanks apart, each line after the indent.
std::string columns(const std::vector<Row>& rows, std::string_view indent) {
    std::array<std::size_t, 2> widths{};
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < widths.size(); ++i) {
            if (row[i].size() <= widest_column) widths[i] = std::max(widths[i], row[i].size());
        }
    }
    std::string text;
    for (const auto& row : rows) {
        std::string line(indent);
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i < widths.size()) line.append(row[i].size() < widths[i] ? widths[i] - row[i].size() + 2 : 2, ' ');
        }
        line.resize(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

void add_line(std::string& text, std::string_view label, const std::string& value) {
    if (value.empty()) return;
    text += "  ";
    text += label;
    text.append(label.size() < label_width ? label_width - label.size() : 1, ' ');
    text += value + "\n";
}

std::string timeout_of(const json::object& report) {
    const auto* value = report.if_contains("timeout_ms");
    const auto* milliseconds = value == nullptr ? nullptr : value->if_int64();
    if (milliseconds == nullptr) return {};
    return duration_text(std::chrono::milliseconds{*milliseconds}) + ", " + text_of(report, "attempts") +
           (text_of(report, "attempts") == "1" ? " attempt" : " attempts");
}

std::string ttl_of(const json::object& report) {
    const auto* value = report.if_contains("ttl_s");
    const auto* seconds = value == nullptr ? nullptr : value->if_int64();
    return seconds == nullptr ? std::string() : duration_text(std::chrono::seconds{*seconds});
}

/// `0s-1h, negative 5m, stale 1h after 1800ms, prefetch 10`; nothing where there is none.
std::string cache_of(const json::object& report) {
    if (text_of(report, "cache") != "on") return {};
    std::string text = text_of(report, "cache_ttl") + ", negative " + text_of(report, "cache_negative");
    if (const auto stale = text_of(report, "cache_stale"); stale != "off") {
        text += ", stale " + stale + " after " + text_of(report, "cache_stale_after");
    }
    if (const auto prefetch = text_of(report, "cache_prefetch"); prefetch != "off") text += ", prefetch " + prefetch;
    return text;
}

}  // namespace

std::string verdict_of(const json::object& report) {
    const auto result = text_of(report, "result");
    auto subject = text_of(report, "name");
    if (const auto type = text_of(report, "type"); !type.empty()) subject += " " + type;
    if (const auto client = text_of(report, "client"); !client.empty()) subject += " for " + client;
    if (result == report_route) return subject + " is routed by " + text_of(report, "pattern");
    if (result == report_master) return subject + " has no route and goes to the master upstream";
    return subject + " has no route and " +
           (answer_of(report) == "DROP" ? "is dropped" : "is answered " + answer_of(report));
}

std::vector<std::pair<std::string_view, std::string>> winner_cells(const json::object& report) {
    std::vector<std::pair<std::string_view, std::string>> cells;
    const auto add = [&](std::string_view label, std::string value) {
        if (!value.empty()) cells.emplace_back(label, std::move(value));
    };
    if (const auto place = place_of(report); !place.empty()) {
        const auto route = text_of(report, "route");  // for some only: with the brackets already
        add("section", (route.starts_with('[') ? route : "[" + route + "]") + " in " + place);
    }
    add("list", list_place_of(report));
    if (text_of(report, "result") != report_none) {
        const bool local = report.contains("answer");
        add(local ? "answer" : "upstreams", local ? answer_of(report) : destination_of(report));
    }
    add("protocol", text_of(report, "protocol"));
    add("policy", text_of(report, "policy"));
    add("timeout", timeout_of(report));
    if (const auto hedge = text_of(report, "hedge"); hedge != "off") add("hedge", hedge);
    add("cache", cache_of(report));
    if (text_of(report, "merge") == "on" && text_of(report, "cache") != "on") add("merge", "on");
    add("ttl", ttl_of(report));
    add("querylog", text_of(report, "querylog"));
    add("clients", list_of(report, "clients"));
    add("types", list_of(report, "types"));
    add("allow", list_of(report, "allow"));
    return cells;
}

std::vector<std::array<std::string, 3>> lost_cells(const json::object& report) {
    const auto* lost = report.if_contains("lost");
    std::vector<Row> rows;
    for (const auto& loser : lost != nullptr && lost->is_array() ? lost->get_array() : json::array{}) {
        if (const auto* it = loser.if_object()) {
            rows.push_back({subject_of(*it), it->contains("pattern") ? place_of(*it) : destination_of(*it),
                            text_of(*it, "reason")});
        }
    }
    return rows;
}

std::string explain_text(const json::value& value) {
    const auto* object = value.if_object();
    if (object == nullptr) return json::serialize(value) + "\n";
    const auto& report = *object;
    auto text = verdict_of(report) + "\n";
    for (const auto& [label, cell] : winner_cells(report)) add_line(text, label, cell);
    if (const auto rows = lost_cells(report); !rows.empty()) text += "lost\n" + columns(rows, "  ");
    if (const auto remark = text_of(report, "remark"); !remark.empty()) text += "remark\n  " + remark + "\n";
    return text;
}

std::string routes_text(const json::value& value) {
    const auto* report = value.if_object();
    const auto* routes = report == nullptr ? nullptr : report->if_contains("routes");
    if (routes == nullptr || !routes->is_array()) return json::serialize(value) + "\n";
    std::vector<Row> rows;
    for (const auto& route : routes->get_array()) {
        const auto* it = route.if_object();
        if (it == nullptr) continue;
        const auto in_list = list_place_of(*it);
        rows.push_back({subject_of(*it), destination_of(*it), in_list.empty() ? place_of(*it) : in_list});
    }
    const auto* otherwise = report->if_contains("otherwise");
    if (otherwise != nullptr && otherwise->is_object()) {
        const auto& object = otherwise->get_object();
        rows.push_back({subject_of(object), destination_of(object), place_of(object)});
    }
    return columns(rows, "");
}

}  // namespace dproxy::config
