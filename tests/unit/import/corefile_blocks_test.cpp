// SPDX-License-Identifier: MIT
#include "import/corefile_blocks.hpp"

#include "catch.hpp"
#include "drafted.hpp"

namespace {

using namespace dproxy::foreign;

std::string words_text(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

struct Parsed {
    std::string text;
    std::string told;
};
Parsed parse(std::string_view text) {
    Draft draft("f");
    Parsed parsed;
    for (const auto& block : read_corefile_blocks(text, draft)) {
        parsed.text += std::to_string(block.line) + " " + words_text(block.keys) + " {";
        for (const auto& directive : block.directives) {
            parsed.text += std::to_string(directive.line) + " " + words_text(directive.words);
            for (const auto& line : directive.block) {
                parsed.text += " / " + std::to_string(line.line) + " " + words_text(line.words);
            }
            parsed.text += "; ";
        }
        parsed.text += "} ";
    }
    parsed.told = dproxy::test::told_of(draft);
    return parsed;
}

}  // namespace

TEST_CASE("Corefile: server blocks, directives and their blocks", "[import]") {
    CHECK(parse(".:53 {\n errors\n forward . 192.0.2.1 {\n  max_concurrent 10\n  policy random\n }\n}\n"
                "a.test b.test:54 {\n    log\n}\n").text ==
          "1 .:53 {2 errors; 3 forward . 192.0.2.1 / 4 max_concurrent 10 / 5 policy random; } "
          "8 a.test b.test:54 {9 log; } ");
    CHECK(parse("a.test,\nb.test {\n}\n").text == "1 a.test b.test {} ");
    CHECK(parse("a.test\nforward . 192.0.2.1\n").text == "1 a.test {2 forward . 192.0.2.1; } ");
    CHECK(parse("a {\n x {\n  y {\n   z\n  }\n }\n w\n}\n").text == "1 a {2 x / 3 y / 4 z; 7 w; } ");
    CHECK(parse("a { x { y } z }").text == "1 a {1 x / 1 y; 1 z; } ");
}

TEST_CASE("Corefile: comments and quotes", "[import]") {
    CHECK(parse("# c\na { # d\n x \"y # z\" w#v\n}\n").text == "2 a {3 x y # z w; } ");
    CHECK(parse("a {\n x \"y\\\"z\"\n}\n").text == "1 a {2 x y\"z; } ");
    CHECK(parse("a {\n x \"two\nlines\" u\n v\n}\n").text == "1 a {2 x two\nlines u; 4 v; } ");
}

TEST_CASE("Corefile: snippets stand where they are imported", "[import]") {
    CHECK(parse("(s) {\n    errors\n    cache 30\n}\na {\n    import s\n    log\n}\n").text ==
          "5 a {2 errors; 3 cache 30; 7 log; } ");
    CHECK(parse("(s) {\n    policy random\n}\na {\n forward . x {\n  import s\n  y\n }\n}\n").text ==
          "4 a {5 forward . x / 2 policy random / 7 y; } ");
    CHECK(parse("a {\n    import /etc/coredns/more.conf\n}\n").told ==
          "2: `import` of `/etc/coredns/more.conf` is not followed; import the file by itself\n");
    CHECK(dproxy::test::lines_of(parse("(s) {\n import s\n}\na {\n import s\n}\n").told) == "2");
}

TEST_CASE("Corefile: snippets that import each other many times end", "[import]") {
    std::string text = "(s0) {\n}\n";
    for (int i = 1; i < 15; ++i) {
        text += "(s" + std::to_string(i) + ") {\n";
        for (int n = 0; n < 8; ++n) text += "import s" + std::to_string(i - 1) + "\n";
        text += "}\n";
    }
    CHECK_FALSE(parse(text + "a {\nimport s14\n}\n").told.empty());
}

TEST_CASE("Corefile: variables of the environment leave their line out", "[import]") {
    const auto parsed =
        parse("a {$ZONE} {\n forward . {$UPSTREAM}\n forward . x {\n  tls_servername {%NAME%}\n }\n log\n}\n");
    CHECK(parsed.text == "1 a {6 log; } ");
    CHECK(dproxy::test::lines_of(parsed.told) == "1 2 3");
}

TEST_CASE("Corefile: faults of form are told", "[import]") {
    CHECK(parse("a {\n x\n").told == "1: the `{` is not closed\n");
    CHECK(parse("}\na {\n}\n").told == "1: a `}` closes nothing\n");
    CHECK(parse("").text == "");
    CHECK(parse("{\n}\n").text == "1  {} ");
    CHECK(parse("(s) {\n x\n").text == "");
}
