// SPDX-License-Identifier: MIT
#include "routing/pattern_text.hpp"

#include <vector>

#include "table_of_patterns.hpp"

namespace dproxy::routing {

TEST_CASE("patterns are written as they are read", "[pattern_text]") {
    CHECK(pattern_text(PatternKind::exact, name_of("a.example").wire()) == "a.example");
    CHECK(pattern_text(PatternKind::below, name_of("a.example").wire()) == "*.a.example");
    CHECK(pattern_text(PatternKind::both, name_of("a.example").wire()) == ".a.example");
    CHECK(pattern_text(PatternKind::below, name_of(".").wire()) == "*");
}

TEST_CASE("a label that is an asterisk is no wildcard", "[pattern_text]") {
    CHECK(pattern_text(PatternKind::exact, name_of("\\*.a").wire()) == "\\*.a");
    CHECK(pattern_text(PatternKind::exact, name_of("\\*").wire()) == "\\*");
    // What is read back behind `*.` and `.` needs no escape, nor does an asterisk that is only a part of a label.
    CHECK(pattern_text(PatternKind::exact, name_of("a*.b").wire()) == "a*.b");
    CHECK(pattern_text(PatternKind::exact, name_of("*a.b").wire()) == "*a.b");
}

TEST_CASE("a pattern is put behind what is there", "[pattern_text]") {
    std::string text = "[";
    append_pattern_text(text, PatternKind::both, name_of("a.b").wire());
    append_pattern_text(text, PatternKind::below, name_of(".").wire());
    CHECK(text == "[.a.b*");
}

TEST_CASE("labels are counted without the root, however long the name says it is", "[pattern_text]") {
    CHECK(label_count(name_of(".").wire()) == 0);
    CHECK(label_count(name_of("a").wire()) == 1);
    CHECK(label_count(name_of("a.bc.def").wire()) == 3);
    std::string most = "a";
    for (int i = 1; i < 127; ++i) most += ".a";
    CHECK(label_count(name_of(most).wire()) == 127);
    CHECK(label_count(std::vector<std::uint8_t>{}) == 0);
    CHECK(label_count(std::vector<std::uint8_t>{63, 'a'}) == 1);  // beyond its end nothing is read
}

}  // namespace dproxy::routing
