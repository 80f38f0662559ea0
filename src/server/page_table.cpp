// SPDX-License-Identifier: MIT
#include "server/page_table.hpp"

#include <utility>

namespace dproxy::server {

PageTable::PageTable(std::string_view caption, std::vector<std::string_view> headings, std::string& page)
    : headings_(std::move(headings)) {
    page.append(headings_.size() == 2 ? "<table class=\"pairs\">" : "<table>");
    page.append("\n<caption class=\"unseen\">").append(caption).append("</caption>\n<thead><tr>");
    for (std::size_t i = 0; i < headings_.size(); ++i) {
        page += is_number(i) ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">";
        page.append(heading(i)).append("</th>");
    }
    page += "</tr></thead>\n<tbody>\n";
}

void PageTable::add(const std::vector<std::string>& cells, std::string& page) {
    ++rows_;
    page += "<tr>";
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i == 0) {
            page.append("<th scope=\"row\">").append(cells[i]).append("</th>");
            continue;
        }
        page.append("<td data-of=\"").append(heading(i)).append(is_number(i) ? "\" class=\"n\">" : "\">");
        page.append(cells[i]).append("</td>");
    }
    page += "</tr>\n";
}

void PageTable::end(std::size_t total, std::string_view where, std::string& page) const {
    page += "</tbody>\n</table>\n";
    if (total > rows_) {
        page.append("<p>and ").append(std::to_string(total - rows_)).append(" more, in ").append(where) += "</p>\n";
    }
}

void add_heading(std::string_view id, std::string_view heading, std::string& page) {
    page.append("<h2 id=\"").append(id).append("\">").append(heading).append("</h2>\n");
}

}  // namespace dproxy::server
