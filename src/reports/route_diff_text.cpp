// SPDX-License-Identifier: MIT
// A comparison of routes as text, JSON and Markdown. Of millions of changes none is held but the one that is written.
#include <algorithm>
#include <boost/json.hpp>
#include <ostream>

#include "ini/counted.hpp"
#include "reports/report_cells.hpp"
#include "reports/route_diff.hpp"

namespace dproxy::config {
namespace {

namespace json = boost::json;
using Kind = RouteChange::Kind;

json::object destination_json(const RouteDiff& diff, const Taker& taker) {
    json::error_code error;
    auto value = json::parse(diff.destination(taker), error);
    return value.is_object() ? std::move(value.get_object()) : json::object{};
}

char sign_of(Kind kind) {
    switch (kind) {
        case Kind::added: return '+';
        case Kind::removed: return '-';
        case Kind::changed: break;
    }
    return '~';
}

std::string_view word_of(Kind kind) {
    switch (kind) {
        case Kind::added: return "added";
        case Kind::removed: return "removed";
        case Kind::changed: break;
    }
    return "changed";
}

/// A report of another instance may hold anything; a terminal and a table take one line of it.
std::string one_line(std::string text) {
    std::replace_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; },
                    '?');
    return text;
}

/// `192.0.2.1:53`, and where another pattern takes the names, which one: `192.0.2.1:53 by *.example.com`.
std::string taker_text(const RouteDiff& diff, const RouteChange& change, const Taker& taker) {
    std::string text = destination_of(destination_json(diff, taker));
    if (taker.entry == RouteSet::none) return text + " by no route";
    const auto& entry = taker.set->entries()[taker.entry];
    const std::string& audience = taker.set->audience(entry).text;
    if (entry.pattern == diff.entry(change).pattern && audience == diff.audience(change).text) return text;
    text += " by " + std::string(entry.pattern);
    return audience.empty() ? text : text + " (" + audience + ")";
}

std::string takers_text(const RouteDiff& diff, const RouteChange& change, const std::vector<Taker>& takers) {
    std::string text;
    for (const Taker& taker : takers) text += (text.empty() ? "" : ", and ") + taker_text(diff, change, taker);
    return one_line(std::move(text));
}

/// A pattern, and which queries alone see it.
std::string subject_text(const RouteDiff& diff, const RouteChange& change) {
    const std::string& audience = diff.audience(change).text;
    const std::string pattern(diff.entry(change).pattern);
    return one_line(audience.empty() ? pattern : pattern + " (" + audience + ")");
}

std::string place_text(const RouteDiff& diff, const RouteChange& change) {
    const Taker own = change.kind == Kind::removed ? diff.before(change).front() : diff.after(change).front();
    return one_line(own.set->place(diff.entry(change)));
}

struct KeyChange {
    std::string key;
    std::string before;
    std::string after;
};

std::string key_text(const json::object& object, std::string_view key) {
    if (!object.contains(key)) return "default";
    const std::string list = list_of(object, key);
    const std::string text = list.empty() ? text_of(object, key) : list;
    return text == "[]" ? "none" : text;
}

/// What a changed section says otherwise.
std::vector<KeyChange> changed_keys(const RouteDiff& diff, const RouteChange& change) {
    const json::object before = destination_json(diff, diff.before(change).front());
    const json::object after = destination_json(diff, diff.after(change).front());
    std::vector<KeyChange> keys;
    const auto look_at = [&](std::string_view key) {
        std::string old = key_text(before, key), now = key_text(after, key);
        if (old != now) keys.push_back({std::string(key), std::move(old), std::move(now)});
    };
    for (const auto& member : before) look_at(member.key());
    for (const auto& member : after) {
        if (!before.contains(member.key())) look_at(member.key());
    }
    return keys;
}

/// What a destination does not show by itself: `timeout_ms 2000 -> 3000`.
std::string other_keys_text(const RouteDiff& diff, const RouteChange& change) {
    std::string text;
    if (change.kind != Kind::changed) return text;
    for (const auto& [key, before, after] : changed_keys(diff, change)) {
        // Those that the destination shows; an answer in place of upstreams takes all other keys with it.
        const bool is_shown = key == "upstreams" || key == "answer" || key == "protocol";
        if (is_shown || (key == "policy" && (before == "default" || after == "default"))) continue;
        text += "; " + key + " " + before + " -> " + after;
    }
    return one_line(std::move(text));
}

std::string counts_text(const RouteDiff& diff) {
    std::string text = counted(diff.count(Kind::added), "pattern") + " added, " +
                       std::to_string(diff.count(Kind::removed)) + " removed, " +
                       std::to_string(diff.count(Kind::changed)) + " changed";
    if (diff.unmoved() == 0) return text;
    return text + "; " + std::to_string(diff.unmoved()) + " more came or went, and their names go where they went";
}

/// As code; with as many backquotes around it as it takes, and no end of a cell within.
std::string code(const std::string& text) {
    std::string cell;
    std::size_t run = 0, longest = 0;
    for (const char c : text) {
        run = c == '`' ? run + 1 : 0;
        longest = std::max(longest, run);
        if (c == '|') cell += '\\';
        cell += c;
    }
    const std::string fence(longest + 1, '`');
    const std::string gap = longest > 0 ? " " : "";
    return fence + gap + cell + gap + fence;
}

std::string markdown_row(const RouteDiff& diff, const RouteChange& change) {
    const std::string before = takers_text(diff, change, diff.before(change));
    const std::string after = takers_text(diff, change, diff.after(change)) + other_keys_text(diff, change);
    return "| " + std::string(word_of(change.kind)) + " | " + code(subject_text(diff, change)) + " | " + code(before) +
           " | " + code(after) + " | " + code(place_text(diff, change)) + " |\n";
}

json::array takers_json(const RouteDiff& diff, const std::vector<Taker>& takers) {
    json::array list;
    for (const Taker& taker : takers) {
        json::object object;
        if (taker.entry != RouteSet::none) {
            const auto& entry = taker.set->entries()[taker.entry];
            object["pattern"] = entry.pattern;
            if (const auto& audience = taker.set->audience(entry); !audience.text.empty()) {
                object["for"] = audience.text;
            }
            object["place"] = taker.set->place(entry);
        }
        for (auto& member : destination_json(diff, taker)) object[member.key()] = std::move(member.value());
        list.push_back(std::move(object));
    }
    return list;
}

json::object change_json(const RouteDiff& diff, const RouteChange& change) {
    json::object object{{"kind", word_of(change.kind)}, {"pattern", diff.entry(change).pattern}};
    if (const auto& audience = diff.audience(change); !audience.text.empty()) object["for"] = audience.text;
    if (change.kind == Kind::changed) {
        json::array keys;
        for (const auto& changed : changed_keys(diff, change)) keys.emplace_back(changed.key);
        object["keys"] = std::move(keys);
    }
    object["before"] = takers_json(diff, diff.before(change));
    object["after"] = takers_json(diff, diff.after(change));
    return object;
}

}  // namespace

void write_diff_text(const RouteDiff& diff, std::ostream& out) {
    for (const RouteChange& change : diff.changes()) {
        const std::string before = takers_text(diff, change, diff.before(change));
        const std::string after = takers_text(diff, change, diff.after(change));
        out << sign_of(change.kind) << ' ' << subject_text(diff, change) << "  " << before;
        if (before != after) out << " -> " << after;
        out << other_keys_text(diff, change) << "  " << place_text(diff, change) << '\n';
    }
    out << counts_text(diff) << '\n';
}

void write_diff_json(const RouteDiff& diff, std::ostream& out) {
    out << "{\"added\":" << diff.count(Kind::added) << ",\"removed\":" << diff.count(Kind::removed)
        << ",\"changed\":" << diff.count(Kind::changed) << ",\"unmoved\":" << diff.unmoved() << ",\"changes\":[";
    for (std::size_t i = 0; i < diff.changes().size(); ++i) {
        out << (i > 0 ? "," : "") << json::serialize(change_json(diff, diff.changes()[i]));
    }
    out << "]}\n";
}

void write_diff_markdown(const RouteDiff& diff, std::ostream& out) {
    std::string text = counts_text(diff) + "\n";
    std::size_t rows = 0;
    for (const RouteChange& change : diff.changes()) {
        if (rows == 0) text += "\n| | pattern | before | after | where |\n|---|---|---|---|---|\n";
        const std::string row = markdown_row(diff, change);
        if (rows == max_markdown_rows || text.size() + row.size() > max_markdown_bytes) break;
        text += row;
        ++rows;
    }
    if (rows < diff.changes().size()) text += "\nAnd " + std::to_string(diff.changes().size() - rows) + " more.\n";
    out << text;
}

}  // namespace dproxy::config
