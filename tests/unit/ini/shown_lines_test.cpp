// SPDX-License-Identifier: MIT
#include "ini/shown_lines.hpp"

#include "catch.hpp"

using namespace dproxy::config;

namespace {

Diagnostic at(std::uint32_t line) { return {Severity::error, "r/a.prox", line, "wrong"}; }

std::string shown(std::string_view text, std::uint32_t line) {
    Diagnostics faults{at(line)};
    show_lines(text, faults);
    return faults.front().line_text;
}

}  // namespace

TEST_CASE("a fault has the line that it is about", "[shown_lines]") {
    CHECK(shown("one\n\ttwo  \r\nthree", 1) == "one");
    CHECK(shown("one\n\ttwo  \r\nthree", 2) == "two");
    CHECK(shown("one\n\ttwo  \r\nthree", 3) == "three");
    CHECK(shown("one\n\n", 2).empty());
    CHECK(shown(" \n", 1).empty());
}

TEST_CASE("a line that is not there is shown as nothing", "[shown_lines]") {
    CHECK(shown("", 1).empty());
    CHECK(shown("one", 0).empty());
    CHECK(shown("one", 2).empty());
    CHECK(shown("one\n", 3).empty());
}

TEST_CASE("faults are found in any order, several of one line", "[shown_lines]") {
    Diagnostics faults{at(3), at(1), at(0), at(3), at(2)};
    show_lines("a\nb\nc\n", faults);
    CHECK((faults[0].line_text == "c" && faults[1].line_text == "a" && faults[2].line_text.empty()));
    CHECK((faults[3].line_text == "c" && faults[4].line_text == "b"));
}

TEST_CASE("of a long line the beginning is shown", "[shown_lines]") {
    CHECK(shown(std::string(max_shown_line_bytes, 'x'), 1) == std::string(max_shown_line_bytes, 'x'));
    CHECK(shown(std::string(5000, 'x') + "\ny", 1) == std::string(max_shown_line_bytes, 'x') + "...");
}

TEST_CASE("the line is no part of what is told", "[shown_lines]") {
    Diagnostic with = at(1);
    with.line_text = "text";
    CHECK(with == at(1));
    CHECK(with.to_string() == at(1).to_string());
}

TEST_CASE("what is not for everybody is not shown", "[shown_lines]") {
    Diagnostics faults{{Severity::error, "f", 1, "`secret` was found"}};
    hide_lines(faults);
    CHECK(faults.front().message.find("secret") == std::string::npos);
    CHECK(faults.front().message.find("link that leads out") != std::string::npos);
}
