// SPDX-License-Identifier: MIT
#include "server/page_chart.hpp"

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::server;
using telemetry::BriefDuration;
using telemetry::Period;

namespace {

std::vector<Period> ten_minutes() { return std::vector<Period>(600); }

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a point is the mean of the seconds that are known", "[page_chart]") {
    auto seconds = ten_minutes();
    seconds[0].queries = 10;
    seconds[5].queries = 20;
    seconds[599].queries = 7;
    const ChartLine line = mean_line(seconds, &Period::queries);
    REQUIRE(line.size() == chart_points);
    CHECK(line[0] == 15.0);
    CHECK_FALSE(line[1]);
    CHECK(line[99] == 7.0);
    CHECK(highest(line) == 15.0);
    CHECK_FALSE(highest(mean_line(ten_minutes(), &Period::queries)));
    CHECK_FALSE(highest(mean_line({}, &Period::queries)));
}

TEST_CASE("a point of latency is the largest", "[page_chart]") {
    auto seconds = ten_minutes();
    for (std::size_t i = 0; i < 12; ++i) seconds[i].queries = 1;
    seconds[1].p99 = BriefDuration::of_ns(5e6);
    seconds[2].p99 = BriefDuration::of_ns(2e6);
    const ChartLine line = latency_line(seconds, &Period::p99);
    CHECK(line[0].value_or(0) > 4.9);
    CHECK_FALSE(line[1]);  // no answers
}

TEST_CASE("what is not known is a gap in the line", "[page_chart]") {
    ChartLine line(chart_points);
    line[0] = 0;
    line[1] = 10;
    line[5] = 5;
    const std::string svg = chart({line}, "words");
    CHECK(has(svg, "d=\"M0 29.0h0L1 1.0M5 15.0h0\""));
    CHECK(has(svg, "aria-label=\"words\""));
    CHECK(has(chart({ChartLine(chart_points)}, ""), "d=\"\""));
}

TEST_CASE("lines share their scale", "[page_chart]") {
    const std::string svg = chart({ChartLine(chart_points, 4.0), ChartLine(chart_points, 2.0)}, "");
    CHECK(has(svg, "class=\"line1\" d=\"M0 1.0"));
    CHECK(has(svg, "class=\"line2\" d=\"M0 15.0"));
    CHECK(has(chart({ChartLine(chart_points, 0.0)}, ""), "M0 29.0"));
}
