// SPDX-License-Identifier: MIT
#include "server/page_table.hpp"

#include "catch.hpp"

using namespace dproxy::server;

TEST_CASE("a table says what its rows and columns are", "[page_table]") {
    std::string page;
    PageTable table("Things", {"Name", "#Count"}, page);
    table.add({"one", "1"}, page);
    table.end(1, "", page);
    CHECK(page ==
          "<table class=\"pairs\">\n<caption class=\"unseen\">Things</caption>\n<thead><tr><th scope=\"col\">Name</th>"
          "<th scope=\"col\" class=\"n\">Count</th></tr></thead>\n<tbody>\n"
          "<tr><th scope=\"row\">one</th><td data-of=\"Count\" class=\"n\">1</td></tr>\n</tbody>\n</table>\n");
}

TEST_CASE("a full table says how many more there are", "[page_table]") {
    std::string page;
    PageTable table("Things", {"Name"}, page);
    while (!table.is_full()) table.add({"x"}, page);
    CHECK(table.rows() == max_page_rows);
    table.end(max_page_rows + 3, in_status, page);
    CHECK(page.ends_with("<p>and 3 more, in <a href=\"status\">/status</a></p>\n"));
}

TEST_CASE("links on the page lead to headings", "[page_table]") {
    std::string page;
    add_heading("routes", "Routes", page);
    CHECK(page == "<h2 id=\"routes\">Routes</h2>\n");
}
