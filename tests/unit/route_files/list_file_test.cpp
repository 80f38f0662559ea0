// SPDX-License-Identifier: MIT
#include "route_files/list_file.hpp"

#include "catch.hpp"
#include "routing/pattern_text.hpp"
#include "routing/route_file.hpp"

using namespace dproxy;
using namespace dproxy::config;
using Strings = std::vector<std::string>;

namespace {

/// `line pattern` of each.
Strings patterns(const ListParse& parsed) {
    REQUIRE(parsed.list);
    Strings all;
    const routing::PatternList& list = *parsed.list;
    for (const auto pattern : routing::RouteFile::Patterns(list.data(), list.size(), nullptr)) {
        std::string text = std::to_string(list.line(pattern.name.data())) + ' ';
        routing::append_pattern_text(text, pattern.kind, pattern.name);
        all.push_back(std::move(text));
    }
    return all;
}

Strings good(std::string_view text) {
    const ListParse parsed = parse_list(text, "r/block.txt");
    for (const auto& fault : parsed.diagnostics) UNSCOPED_INFO(fault.to_string());
    CHECK(parsed.diagnostics.empty());
    return patterns(parsed);
}

Strings faults(const ListParse& parsed) {
    Strings all;
    for (const auto& fault : parsed.diagnostics) all.push_back(fault.to_string());
    return all;
}

}  // namespace

TEST_CASE("a list has a pattern in a line, in the grammar of sections", "[list_file]") {
    CHECK(good("a.test\n*.b.test\n.c.test\n*\nD.Test.\n") ==
          Strings{"1 a.test", "2 *.b.test", "3 .c.test", "4 *", "5 d.test"});
    CHECK(good("").empty());
    CHECK(good("\n\n \t\n").empty());
    CHECK(good("last.test") == Strings{"1 last.test"});
    CHECK(good("\xef\xbb\xbf" "a.test\r\n\r\nb.test \t\r\n") == Strings{"1 a.test", "3 b.test"});
    CHECK(good("# a list\n  a.test   # with a reason\n\t#\nb.test\t# x # y\n") == Strings{"2 a.test", "4 b.test"});
    CHECK(good("a\\035b.test\n") == Strings{"1 a#b.test"});
}

TEST_CASE("broken lines are told with their numbers, the others are read", "[list_file]") {
    using namespace std::string_literals;
    const auto parsed = parse_list("a.test\na..test\nb.test\n0.0.0.0 ads.test\nc.test,d.test\n*.*.test\n"
                                   "\xc3\xa4.test\ne\0.test\nd.test\n"s,
                                   "r/block.txt");
    CHECK(patterns(parsed) == Strings{"1 a.test", "3 b.test", "9 d.test"});
    const Strings told = faults(parsed);
    REQUIRE(told.size() == 6);
    CHECK(told[0].starts_with("r/block.txt:2: `a..test` is not a pattern"));
    CHECK(told[1] == "r/block.txt:4: `0.0.0.0 ads.test` was found; expected one pattern a line");
    CHECK(told[2] == "r/block.txt:5: `c.test,d.test` was found; expected one pattern a line");
    CHECK(told[3].starts_with("r/block.txt:6: "));
    CHECK(told[4].find("xn--") != std::string::npos);
    CHECK(told[5].find("control character") != std::string::npos);
}

TEST_CASE("what no name is likely to match is taken, and warned of", "[list_file]") {
    const auto parsed = parse_list("http://a.test\na.test\n", "r/block.txt");
    CHECK(parsed.list->size() == 2);
    REQUIRE(parsed.diagnostics.size() == 1);
    CHECK(parsed.diagnostics[0].severity == Severity::warning);
    CHECK(parsed.diagnostics[0].line == 1);
}

TEST_CASE("faults are told up to a bound, and then counted", "[list_file]") {
    std::string text;
    for (int i = 0; i < 150; ++i) text += "a..test\nb.test\n";
    const auto parsed = parse_list(text, "l");
    CHECK(parsed.list->size() == 150);
    REQUIRE(parsed.diagnostics.size() == max_faults_per_list + 1);
    CHECK(parsed.diagnostics[99].line == 199);
    CHECK(parsed.diagnostics.back().to_string() == "l: and 50 more broken lines");
}

TEST_CASE("a file of broken lines is no list", "[list_file]") {
    std::string text;
    for (std::size_t i = 0; i < max_broken_lines; ++i) text += "?? x\n";
    CHECK(parse_list(text + "a.test\n", "l").list->size() == 1);
    const auto refused = parse_list(text + "?? x\na.test\n", "l");
    CHECK_FALSE(refused.list);
    CHECK(refused.refused == "has more than 10000 broken lines: it is no list of patterns");
    CHECK(refused.diagnostics.size() == max_faults_per_list + 1);
}

TEST_CASE("a line may be as long as the file", "[list_file]") {
    const auto parsed = parse_list(std::string(max_list_file_size, 'a'), "l");
    CHECK(parsed.list->size() == 0);
    CHECK(faults(parsed) == Strings{"l:1: the line holds 67108864 bytes; expected at most 4096"});
    CHECK(parse_list(std::string(1 << 20, '\n') + "a.test", "l").list->size() == 1);
    CHECK(parse_list(std::string(1 << 20, '\0'), "l").diagnostics.size() == 1);
}
