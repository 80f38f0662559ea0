// SPDX-License-Identifier: MIT
#include "server/page_explanation.hpp"

#include <boost/json.hpp>

#include "catch.hpp"

using namespace dproxy::server;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string explained(const char* report, std::string_view destination = "") {
    std::string page;
    add_explanation(boost::json::parse(report).as_object(), destination, page);
    return page;
}

}  // namespace

TEST_CASE("an explanation says what becomes of the name, and what lost", "[page_explanation]") {
    const std::string page = explained(
        R"({"name":"www.a.test","type":"MX","result":"route","pattern":"*.a.test","route":"*.a.test",)"
        R"("file":"d/a.prox","line":3,"upstreams":["192.0.2.1:53"],"remark":"Mind this.",)"
        R"("lost":[{"pattern":"*","file":"d/b.prox",)"
        R"("line":1,"reason":"it is longer"}]})",
        "<b>there</b>");
    CHECK(has(page, "<h2 id=\"explained\">www.a.test MX is routed by *.a.test</h2>"));
    CHECK(has(page, "<th scope=\"row\">section</th><td data-of=\"Is\">[*.a.test] in d/a.prox:3</td>"));
    CHECK(has(page, "<th scope=\"row\">now</th><td data-of=\"Is\"><b>there</b></td>"));
    CHECK(has(page, "<strong>Mind:</strong> Mind this."));
    CHECK(has(page, "<th scope=\"row\">*</th><td data-of=\"Where\">d/b.prox:1</td>"
                    "<td data-of=\"Why\">it is longer</td>"));
}

TEST_CASE("where nothing lost, nothing is told of it", "[page_explanation]") {
    const std::string page = explained(R"({"name":"a.test","result":"none","answer":"refused","lost":[]})");
    CHECK(has(page, "a.test has no route and is answered REFUSED"));
    CHECK_FALSE(has(page, "What lost"));
    CHECK_FALSE(has(page, ">now<"));
}

TEST_CASE("what is explained is text", "[page_explanation]") {
    std::string page = explained(
        R"({"name":"<script>","result":"route","pattern":"<script>","route":"<script>","file":"<script>","line":1,)"
        R"("upstreams":["<script>"],"remark":"<script>","lost":[{"pattern":"<script>","reason":"<script>"}]})");
    add_misunderstanding("<script>", page);
    CHECK_FALSE(has(page, "<script"));
}
