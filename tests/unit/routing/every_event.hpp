// SPDX-License-Identifier: MIT
// All that can happen to a query's first attempt, told to a query that has come so far.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "attempt_story.hpp"

namespace dproxy::routing {

using Tell = std::function<std::string(Story&)>;

struct Row {
    const char* event;
    const char* orders;
};

inline const std::vector<std::pair<std::string, Tell>>& events() {
    static const std::vector<std::pair<std::string, Tell>> all{
        {"reply", [](Story& s) { return s.reply(0); }},
        {"reply by stream", [](Story& s) { return s.reply(0, noerror, true); }},
        {"SERVFAIL", [](Story& s) { return s.reply(0, servfail); }},
        {"REFUSED", [](Story& s) { return s.reply(0, refused); }},
        {"BADCOOKIE", [](Story& s) { return s.reply(0, rcode_badcookie); }},
        {"BADCOOKIE by stream", [](Story& s) { return s.reply(0, rcode_badcookie, true); }},
        {"failed", [](Story& s) { return s.fail(0); }},
        {"failed by stream", [](Story& s) { return s.fail(0, true); }},
        {"overload", [](Story& s) { return s.fail(0, false, Attempts::Failure::overload); }},
        {"doubted", [](Story& s) { return s.doubt(0); }},
        {"cut off", [](Story& s) { return s.cut_off(0); }},
        {"guessed at", [](Story& s) { return s.guess(0); }},
        {"stream free", [](Story& s) { return s.stream_free(0); }},
        {"too early", [](Story& s) { return s.at(1); }},
        {"share is over", [](Story& s) { return s.at(500); }},
        {"deadline", [](Story& s) { return s.at(4000); }},
    };
    return all;
}

/// The same rows, besides those that are others.
inline std::vector<Row> besides(std::vector<Row> rows, const std::vector<Row>& others) {
    for (const Row& other : others) {
        const auto same = [&](const Row& row) { return std::string(row.event) == other.event; };
        const auto found = std::find_if(rows.begin(), rows.end(), same);
        REQUIRE(found != rows.end());
        REQUIRE(std::string(found->orders) != other.orders);
        *found = other;
    }
    return rows;
}

/// Each event on its own.
inline void check_all(const std::function<void(Story&)>& come_so_far, const std::vector<Row>& rows) {
    REQUIRE(rows.size() == events().size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& [event, tell] = events()[i];
        CAPTURE(event);
        REQUIRE(event == rows[i].event);
        const auto begin = [&](Story& story) {
            story.settings.fallback_on = fallback::servfail;
            story.terms.has_subnet = true;
            come_so_far(story);
        };
        Story story;
        begin(story);
        CHECK(tell(story) == rows[i].orders);
        if (event == "cut off" && story.terms.opcode != opcode_update) {  // of what may be repeated, the same
            Story unheard;
            begin(unheard);
            CHECK(unheard.unheard(0) == rows[i].orders);
        }
        // Whatever happened: no attempt that is not open has anything to say.
        const AttemptNumber never_made = story.attempts.count();
        for (const AttemptNumber other : {never_made, no_attempt}) {
            CHECK(story.reply(other) == "nothing");
            CHECK(story.fail(other) == "nothing");
            CHECK(story.doubt(other) == "nothing");
            CHECK(story.cut_off(other) == "nothing");
            CHECK(story.unheard(other) == "nothing");
            CHECK(story.guess(other) == "nothing");
            CHECK(story.stream_free(other) == "nothing");
        }
    }
}

}  // namespace dproxy::routing
