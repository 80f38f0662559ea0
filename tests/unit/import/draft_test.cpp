// SPDX-License-Identifier: MIT
#include "import/draft.hpp"

#include "catch.hpp"
#include "drafted.hpp"

using namespace dproxy::foreign;

TEST_CASE("what is left out is told in the order of lines, and the rest of many is counted", "[import]") {
    Draft draft("f");
    draft.leave_out(3, "c");
    draft.leave_out(1, "a");
    draft.leave_out(3, "d");
    CHECK(dproxy::test::told_of(draft) == "1: a\n3: c\n3: d\n");
    Draft many("f");
    for (std::uint32_t line = 1; line <= max_left_out + 5; ++line) many.leave_out(line, "x");
    const auto told = many.take_left_out();
    REQUIRE(told.size() == max_left_out + 1);
    CHECK(told.back().to_string() == "f: and 5 more");
}

TEST_CASE("names of zones, with everything below", "[import]") {
    CHECK(zone_pattern("Example.COM.") == ".example.com");
    CHECK(zone_pattern(".") == "*");
    CHECK(zone_pattern("") == "*");
    CHECK(plain_name("a\\.") == "a\\.");
    CHECK(is_within("a.test", "test"));
    CHECK(is_within("test", "test"));
    CHECK(is_within("test", ""));
    CHECK_FALSE(is_within("atest", "test"));
    CHECK_FALSE(is_within("test", "a.test"));
}

TEST_CASE("a section's keys, and lists", "[import]") {
    Section section;
    section.set("a", "1");
    CHECK(section.get("a") == "1");
    CHECK(section.get("b") == "");
    CHECK(joined({}) == "");
    CHECK(joined({"x", "y"}) == "x, y");
}

TEST_CASE("advice is found by a word or by its beginning", "[import]") {
    constexpr Advice advice[] = {{"cache", "no"}, {"log-*", "yes"}};
    CHECK(no_counterpart("cache", advice) == "`cache` has no counterpart in a route file: no");
    CHECK(no_counterpart("log-queries", advice) == "`log-queries` has no counterpart in a route file: yes");
    CHECK(no_counterpart("caches", advice) == "`caches` has no counterpart in a route file");
}
