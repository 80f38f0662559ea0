// SPDX-License-Identifier: MIT
// A search for loops, in tests: with a clock of its own, and a server that sends back what it is told to.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "routing/loop_search.hpp"
#include "table_of_patterns.hpp"

namespace dproxy::routing {

using What = LoopSearch::News::What;
inline constexpr std::uint64_t ms = 1'000'000;
inline constexpr std::uint64_t second = 1000 * ms;
inline const auto settings = std::make_shared<const RouteSettings>();

inline LoopPlace place_of(std::string_view domain, bool whole_pattern = false, std::uint64_t route_key = 1) {
    LoopPlace place;
    place.settings = settings;
    place.route_key = route_key;
    place.domain = name_of(domain, true);
    place.pattern_length = whole_pattern ? place.domain.wire().size() : 1;
    return place;
}

/// A search, a clock, and a server that sends back what is in its domain.
struct Trial {
    LoopSearch search;
    std::uint64_t now = 1000 * second;
    std::string sent_back = "none.at.all";
    bool only_below = false;  ///< not what is asked about the domain itself
    bool answers = true;
    unsigned upstreams = 1;
    std::vector<std::string> asked;
    std::vector<std::string> asked_again;  ///< through the upstream that sent one back

    /// Asks what is due, and lets the server react.
    void work() {
        while (const auto id = search.next(now)) {
            const dns::Name domain = search.place_of(*id)->domain;
            const std::string through = search.asked_through(*id);
            (through.empty() ? asked : asked_again).push_back(domain.to_text());
            CHECK((through.empty() || through == "192.0.2.1:53"));
            search.asked(*id, through.empty() ? upstreams : 1, now);
            const bool is_domain = domain.wire().size() == name_of(sent_back).wire().size();
            const bool is_back = dns::is_within(domain.wire(), name_of(sent_back).wire()) && !(only_below && is_domain);
            if (is_back) search.returned(*id, "192.0.2.1:53", now);
            for (unsigned i = 0; i < upstreams && answers; ++i) search.answered(*id, now);
        }
    }
    void run(std::uint64_t duration) {
        const std::uint64_t end = now + duration;
        for (work(); search.next_ns() && *search.next_ns() <= end; work()) now = std::max(now, *search.next_ns());
        now = end;
    }
    std::vector<std::string> marked() const {
        std::vector<std::string> domains;
        for (const LoopMark& mark : search.marks()) domains.push_back(mark.place.domain.to_text());
        return domains;
    }
    std::vector<What> news() {
        std::vector<What> what;
        for (const LoopSearch::News& one : search.take_news()) what.push_back(one.what);
        return what;
    }
};

using Texts = std::vector<std::string>;
using AllNews = std::vector<What>;

}  // namespace dproxy::routing
