// SPDX-License-Identifier: MIT
#include "ini/excerpt.hpp"

#include <string>

#include "catch.hpp"

using namespace dproxy::config;

TEST_CASE("an excerpt is short and printable", "[excerpt]") {
    CHECK(excerpt("abc") == "`abc`");
    CHECK(excerpt("") == "``");
    CHECK(excerpt("a\tb\x80\x7f") == "`a\\x09b\\x80\\x7f`");
    CHECK(excerpt(std::string(max_excerpt_length, 'a')) == "`" + std::string(max_excerpt_length, 'a') + "`");
    CHECK(excerpt(std::string(max_excerpt_length + 1, 'a')) == "`" + std::string(max_excerpt_length, 'a') + "...`");
}

TEST_CASE("whatever a file holds, its excerpt is one line that ends", "[excerpt]") {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string shown = excerpt(std::string(200, static_cast<char>(byte)));
        CHECK(shown.size() <= max_excerpt_length + 8);
        CHECK(shown.starts_with('`'));
        CHECK(shown.ends_with("...`"));
        for (const char letter : shown) REQUIRE((letter >= 0x20 && letter < 0x7f));
    }
}

TEST_CASE("without its excerpts a message still says what is wrong", "[excerpt]") {
    CHECK(without_excerpts("the value `x` has no closing quote") == "the value `...` has no closing quote");
    CHECK(without_excerpts("`a`b` is not; expected `c` or d") == "`...` or d");
    CHECK(without_excerpts("nothing was found") == "nothing was found");
    CHECK(without_excerpts("an end is missing: `x") == "an end is missing: ");
    CHECK(without_excerpts("") == "");
}

TEST_CASE("nothing of an excerpt that holds backquotes itself is left", "[excerpt]") {
    const std::string secret = "root:`x`:0:`0";
    CHECK(without_excerpts(excerpt(secret) + " is no section") == "`...` is no section");
    CHECK(without_excerpts("a key " + excerpt(secret) + " and " + excerpt("b") + " differ") == "a key `...` differ");
    CHECK(without_excerpts("``") == "`...`");
}
