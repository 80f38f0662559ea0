// SPDX-License-Identifier: MIT
#include "cli/top_view.hpp"

#include <algorithm>
#include <sstream>

#include "catch.hpp"

namespace {

using namespace dproxy::cli;

TopFacts some() {
    TopFacts facts;
    facts.version = "0.1.0";
    facts.uptime_s = 4000;
    facts.workers = 1;
    facts.total = {1234, 0.25, 0.2, 12.34};
    facts.routes = {
        {"*", {1000, 0, 0.1, 1.0}, {}}, {"b.test", {10, 2, 5.0, 8.0}, {}}, {"a.test", {10, 0, 0.2, 9.0}, {}}};
    facts.upstreams = {{"192.0.2.1:53", {20, 0, 0.1, 1.0}, true}, {"192.0.2.2:53", {0, 0, {}, {}}, false}};
    return facts;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::string names(TopOrder order) {
    std::string found;
    for (const auto& line : lines_of(draw_top(some(), order, {}))) {
        for (const char* name : {"a.test", "b.test", "* "}) {
            if (line.starts_with(name)) found += name[0];
        }
    }
    return found;
}

}  // namespace

TEST_CASE("a table in a file is as wide as its names", "[top_view]") {
    CHECK(draw_top(some(), TopOrder::queries, {}) ==
          "dproxy 0.1.0, up 66 min, 1 worker, ready\n"
          "1234 queries/s, 0.25 failures/s, p50 0.20 ms, p99 12.3 ms, 0 in flight\n"
          "\n"
          "ROUTE        QUERIES/S  FAILED/S    P50 MS    P99 MS\n"
          "*                 1000         0      0.10      1.00\n"
          "a.test            10.0         0      0.20      9.00\n"
          "b.test            10.0      2.00      5.00      8.00\n"
          "\n"
          "UPSTREAM     QUERIES/S  FAILED/S    P50 MS    P99 MS STATE\n"
          "192.0.2.2:53         0         0         -         -  down\n"
          "192.0.2.1:53      20.0         0      0.10      1.00    up\n");
}

TEST_CASE("what stands first is chosen", "[top_view]") {
    CHECK(names(TopOrder::queries) == "*ab");
    CHECK(names(TopOrder::failures) == "b*a");
    CHECK(names(TopOrder::latency) == "ab*");
    CHECK(names(TopOrder::name) == "*ab");
}

TEST_CASE("no line is wider than the screen, nor are there more", "[top_view]") {
    TopFacts facts = some();
    facts.left_out = 5;
    for (int i = 0; i < 200; ++i) {
        facts.routes.push_back({std::string(200, 'n') + std::to_string(i), {1e9, 1e9, 1e9, 1e9}, {}});
    }
    for (std::size_t width = 1; width < 130; width += 3) {
        for (std::size_t height = 1; height < 60; height += 7) {
            const auto lines = lines_of(draw_top(facts, TopOrder::queries, {width, height, false}, "a fault"));
            CHECK(lines.size() <= height);
            for (const std::string& line : lines) CHECK(line.size() <= width);
        }
    }
    const auto lines = lines_of(draw_top(facts, TopOrder::queries, {80, 24, false}));
    CHECK(lines.size() == 24);
    CHECK(std::count_if(lines.begin(), lines.end(), [](const auto& line) { return line.find("192.0.2.") == 0; }) == 2);
    CHECK(std::count(lines.begin(), lines.end(), "189 more") == 1);
    CHECK(lines.back() == "5 routes and upstreams are counted in the total only");
}

TEST_CASE("a narrow screen has the rate, what failed and the state", "[top_view]") {
    const auto lines = lines_of(draw_top(some(), TopOrder::queries, {40, 20, false}));
    CHECK(lines[3] == "ROUTE          QUERIES/S  FAILED/S");
    CHECK(lines[9] == "192.0.2.2:53           0         0  down");
}

TEST_CASE("a terminal obeys no name, and has colours where it is asked for", "[top_view]") {
    TopFacts facts = some();
    facts.routes[0].name = "\x1b[2Jevil\n\xc3\xa9";
    facts.not_ready = "\x1b]0;x\a";
    const std::string text = draw_top(facts, TopOrder::queries, {}, "\x1b[31m");
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find('\a') == std::string::npos);
    CHECK(text.find("\\x1b[2Jevil\\x0a\\xc3\\xa9") != std::string::npos);
    const std::string coloured = draw_top(some(), TopOrder::queries, {80, 24, true});
    CHECK(coloured.find("\x1b[31m192.0.2.2:53") != std::string::npos);
    CHECK(coloured.find("\x1b[31m192.0.2.1:53") == std::string::npos);
}

TEST_CASE("nothing asked is told", "[top_view]") {
    TopFacts facts;
    const std::string text = draw_top(facts, TopOrder::queries, {});
    CHECK(text.find("none was asked in the last ten minutes") != std::string::npos);
    CHECK(text.find("p50 - ms") != std::string::npos);
    CHECK(text.find("P99 MS") != std::string::npos);  // a file is no narrow screen
}
