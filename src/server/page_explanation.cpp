// SPDX-License-Identifier: MIT
// Held by tests/unit/server/page_explanation_test.cpp and tests/integration/test_page.py.
#include "server/page_explanation.hpp"

#include <boost/json/object.hpp>

#include "admin/html.hpp"
#include "reports/report_cells.hpp"
#include "server/page_table.hpp"
#include "server/page_words.hpp"

namespace dproxy::server {

using admin::html;

namespace {

constexpr std::size_t most_of_a_cell = 1000;

void add_lost(const boost::json::object& report, std::string& page) {
    const auto lost = config::lost_cells(report);
    if (lost.empty()) return;
    page += "<h3>What lost</h3>\n";
    PageTable table("What lost", {"Pattern", "Where", "Why"}, page);
    for (const auto& [pattern, where, reason] : lost) {
        if (!table.is_full()) table.add({html(pattern), html(where), html(reason)}, page);
    }
    table.end(lost.size(), "<a href=\"explain?name=www.example.com\">/explain</a>", page);
}

}  // namespace

void add_explanation(const boost::json::object& report, std::string_view destination, std::string& page) {
    add_heading("explained", html(config::verdict_of(report), most_of_a_cell), page);
    PageTable table("What the route says", {"What", "Is"}, page);
    for (const auto& [label, value] : config::winner_cells(report)) {
        table.add({std::string(label), html(value, most_of_a_cell)}, page);
    }
    if (!destination.empty()) table.add({"now", std::string(destination)}, page);
    table.end(0, "", page);
    if (const std::string remark = config::text_of(report, "remark"); !remark.empty()) {
        page += "<p><strong>Mind:</strong> " + html(remark, most_of_a_cell) + "</p>\n";
    }
    add_lost(report, page);
}

void add_misunderstanding(std::string_view fault, std::string& page) {
    add_heading("explained", "That cannot be read", page);
    page += "<p>" + bad(fault) + "</p>\n";
}

}  // namespace dproxy::server
