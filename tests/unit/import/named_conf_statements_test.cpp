// SPDX-License-Identifier: MIT
#include "import/named_conf_statements.hpp"

#include "catch.hpp"
#include "drafted.hpp"

namespace {

using namespace dproxy::foreign;

std::string text_of(const std::vector<NamedStatement>& statements) {
    std::string text;
    for (const auto& statement : statements) {
        text += std::to_string(statement.line);
        for (const auto& word : statement.words) text += " " + word;
        if (statement.has_block) text += " {" + text_of(statement.block) + "}";
        text += "; ";
    }
    return text;
}

struct Parsed {
    std::string text;
    std::string told;
};
Parsed parse(std::string_view text) {
    Draft draft("f");
    Parsed parsed{text_of(read_named_statements(text, draft)), ""};
    parsed.told = dproxy::test::told_of(draft);
    return parsed;
}

}  // namespace

TEST_CASE("named.conf: statements and blocks", "[import]") {
    CHECK(parse("options {\n\tforwarders { 192.0.2.1; 192.0.2.2 port 54; };\n};\n"
                "zone \"a\" IN { type forward; };").text ==
          "1 options {2 forwarders {2 192.0.2.1; 2 192.0.2.2 port 54; }; }; 4 zone a IN {4 type forward; }; ");
    CHECK(parse("acl x { !10.0.0.1; ! { a; }; \"b\"; };").text == "1 acl x {1 ! 10.0.0.1; 1 ! {1 a; }; 1 b; }; ");
    CHECK(parse(";;").text == "");
}

TEST_CASE("named.conf: comments of three kinds", "[import]") {
    CHECK(parse("a; // b;\n# c;\n/* d;\n e; */ f; g/*h*/;").text == "1 a; 4 f; 4 g/*h*/; ");
    CHECK(parse("/* open").text == "");
    CHECK(parse("zone \"a//b#c\";").text == "1 zone a//b#c; ");
}

TEST_CASE("named.conf: faults of form are told, and the rest is read", "[import]") {
    const auto open = parse("options {\n a;\n");
    CHECK(open.text == "1 options {2 a; }; ");
    CHECK(open.told == "1: the `{` is not closed\n1: a `;` is missing at the end of this statement\n");
    CHECK(parse("}\na;").text == "2 a; ");
    CHECK(parse("}\na;").told == "1: a `}` closes nothing\n");
    CHECK(parse("a \"b\nc;").told == "1: a quote is not closed\n");
    CHECK(parse("a \"b\\\"c\";").text == "1 a b\"c; ");
}

TEST_CASE("named.conf: blocks that lie too deep are not read", "[import]") {
    std::string deep;
    for (std::size_t i = 0; i < max_block_depth + 3; ++i) deep += "a {";
    for (std::size_t i = 0; i < max_block_depth + 3; ++i) deep += "};";
    const auto parsed = parse(deep + "b;");
    CHECK(parsed.told == "1: the block lies too deep; it is left out\n");
    CHECK(parsed.text.ends_with("1 b; "));
}

TEST_CASE("named.conf: the last statement of a name is found", "[import]") {
    Draft draft("f");
    const auto statements = read_named_statements("x { a 1; a 2; };", draft);
    REQUIRE(statements.size() == 1);
    REQUIRE(statements[0].find("a") != nullptr);
    CHECK(statements[0].find("a")->word(1) == "2");
    CHECK(statements[0].find("b") == nullptr);
    CHECK(statements[0].word(9) == "");
}
