// SPDX-License-Identifier: MIT
#include "import/unbound_statements.hpp"

#include "catch.hpp"

namespace {

/// `3 key(value|value)` of each statement.
std::string statements_of(std::string_view text) {
    dproxy::foreign::UnboundStatements statements(text);
    std::string told;
    for (dproxy::foreign::UnboundStatement statement; statements.next(statement);) {
        told += std::to_string(statement.line) + " " + statement.key + "(";
        for (std::size_t i = 0; i < statement.values.size(); ++i) told += (i > 0 ? "|" : "") + statement.values[i];
        told += ") ";
    }
    return told;
}

}  // namespace

TEST_CASE("unbound: keys and values, on one line or several", "[import]") {
    CHECK(statements_of("server:\n\tport: 53 # comment\n\n  local-zone: \"a.test.\" static\n") ==
          "1 server() 2 port(53) 4 local-zone(a.test.|static) ");
    CHECK(statements_of("forward-zone: name: \".\" forward-addr: 192.0.2.1@853#a.test") ==
          "1 forward-zone() 1 name(.) 1 forward-addr(192.0.2.1@853#a.test) ");
    CHECK(statements_of("name:\n\n\"x\"") == "1 name(x) ");
    CHECK(statements_of("interface: ::1\nforward-addr: fd00::\n") == "1 interface(::1) 2 forward-addr(fd00::) ");
    CHECK(statements_of("NAME:'a b'\n") == "1 name(a b) ");
}

TEST_CASE("unbound: quotes end with their line, comments begin with a word", "[import]") {
    CHECK(statements_of("name: \"a#b\" # c\n# name: d\n") == "1 name(a#b) ");
    CHECK(statements_of("name: \"open\nport: 53\n") == "1 name(open) 2 port(53) ");
    CHECK(statements_of("local-data: 'a.test. IN TXT \"x\"'\n") == "1 local-data(a.test. IN TXT \"x\") ");
    CHECK(statements_of("name: a\\\"b\n") == "1 name(a\\\"b) ");
}

TEST_CASE("unbound: what stands alone is no key", "[import]") {
    CHECK(statements_of("nonsense\n") == "1 (nonsense) ");
    CHECK(statements_of("name:") == "1 name() ");
    CHECK(statements_of(":") == "1 () ");
    CHECK(statements_of("local-zone: a") == "1 local-zone(a) ");
    CHECK(statements_of("") == "");
    CHECK(statements_of("\"") == "1 () ");
}
