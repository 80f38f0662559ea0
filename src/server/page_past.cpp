// SPDX-License-Identifier: MIT
// What was so in the last ten minutes, as charts.
// Held by tests/unit/server/status_page_test.cpp and tests/integration/test_page.py.
#include <algorithm>

#include "admin/html.hpp"
#include "server/page_chart.hpp"
#include "server/page_sections.hpp"
#include "server/page_words.hpp"

namespace dproxy::server {

using admin::html;
using telemetry::Period;

namespace {

using Seconds = RecentPast::Seconds;

/// What a chart shows, in words: HTML without marks, as it stands in an attribute too.
struct Told {
    ChartLine line;
    std::string words;
};

/// The last point that is known.
double latest(const ChartLine& line) {
    const auto found = std::find_if(line.rbegin(), line.rend(), [](const auto& point) { return point.has_value(); });
    return found == line.rend() ? 0 : **found;
}

Told rate(const Seconds& seconds, std::uint32_t Period::*member) {
    Told told{mean_line(seconds, member), {}};
    const auto most = highest(told.line);
    if (!most) {
        told.words = "not known yet";
    } else if (*most == 0) {
        told.words = "none";
    } else {
        told.words = number_words(latest(told.line)) + " a second now, at most " + number_words(*most);
    }
    return told;
}

struct Latencies {
    std::vector<ChartLine> lines;  ///< of 99 of 100, and of half of the answers
    std::string words;
};

Latencies latencies(const Seconds& seconds) {
    Latencies told;
    told.lines = {latency_line(seconds, &Period::p99), latency_line(seconds, &Period::p50)};
    const auto most = highest(told.lines[0]);
    told.words = !most ? "no answers"
                       : "half within " + milliseconds_words(latest(told.lines[1])) + " now, 99 of 100 within " +
                             milliseconds_words(latest(told.lines[0])) + ", at most " + milliseconds_words(*most);
    return told;
}

/// Without a line where there are none.
std::string failures_chart(const Told& failures) {
    const bool is_any = highest(failures.line).value_or(0) > 0;
    std::vector<ChartLine> lines;
    if (is_any) lines.push_back(failures.line);
    std::string svg = chart(lines, failures.words);
    return svg.replace(svg.find("\"chart\""), 7, "\"chart failures\"");
}

void add_figure(std::string_view heading, const std::string& svg, std::string_view words, std::string& page) {
    page.append("<figure><figcaption>").append(heading).append("</figcaption>").append(svg);
    page.append("<p class=\"soft\">").append(words).append("</p></figure>\n");
}

std::string cell(const std::string& svg, const std::string& words) {
    return "<span>" + svg + "<span class=\"soft\">" + words + "</span></span>";
}

}  // namespace

void add_past(const StatusFacts& facts, std::string& page) {
    const Seconds& total = facts.past.total;
    add_heading("past", "Last ten minutes", page);
    page += "<p class=\"soft\">From ten minutes ago on the left to now on the right. Of the time until the answer the "
            "line is that of 99 of 100, the dashed one that of half of them.</p>\n";
    const Told queries = rate(total, &Period::queries), failures = rate(total, &Period::failures);
    const Latencies taken = latencies(total);
    page += "<div class=\"charts\">\n";
    add_figure("Queries", chart({queries.line}, queries.words), queries.words, page);
    add_figure("Time until the answer", chart(taken.lines, taken.words), taken.words, page);
    add_figure("Answers with SERVFAIL", failures_chart(failures), failures.words, page);
    page += "</div>\n";
    if (facts.past.busiest.empty()) return;
    page += "<h3>The busiest routes</h3>\n";
    PageTable table("The busiest routes", {"Route", "Queries", "Time until the answer", "SERVFAIL"}, page);
    for (const RecentPast::Route& route : facts.past.busiest) {
        const Told asked = rate(route.seconds, &Period::queries), failed = rate(route.seconds, &Period::failures);
        const Latencies times = latencies(route.seconds);
        table.add({html(route.label), cell(chart({asked.line}, asked.words), asked.words),
                   cell(chart(times.lines, times.words), times.words), cell(failures_chart(failed), failed.words)},
                  page);
    }
    table.end(0, "", page);
    page += "<p><a href=\"history\">/history</a> has more of them, and two hours.</p>\n";
}

}  // namespace dproxy::server
