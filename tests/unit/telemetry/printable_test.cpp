// SPDX-License-Identifier: MIT
#include "telemetry/printable.hpp"

#include <initializer_list>
#include <string>

#include "catch.hpp"

using namespace dproxy::telemetry;

namespace {

std::string utf8(char32_t code) {
    const auto tail = [code](unsigned shift) { return static_cast<char>(0x80 | (code >> shift & 0x3f)); };
    if (code < 0x80) return {static_cast<char>(code)};
    if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), tail(0)};
    if (code < 0x10000) return {static_cast<char>(0xe0 | code >> 12), tail(6), tail(0)};
    return {static_cast<char>(0xf0 | code >> 18), tail(12), tail(6), tail(0)};
}

}  // namespace

TEST_CASE("unprintable text is shown byte by byte", "[printable]") {
    CHECK(printable("a\\032b") == "a\\032b");
    CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
    CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");           // overlong
    CHECK(printable("\xf5\x80\x80\x80") == "\\xf5\\x80\\x80\\x80");
    CHECK(printable("\xe2\x82") == "\\xe2\\x82");  // cut
    CHECK(printable("\xe2\x82\xac") == "\xe2\x82\xac");
    CHECK(printable("\xef\xbf\xbf\xef\xbb\xbf") == "\\xef\\xbf\\xbf\\xef\\xbb\\xbf");
}

TEST_CASE("every character is read as what it is", "[printable]") {
    // A surrogate is none.
    const auto is_read = [](char32_t code) {
        const std::string text = utf8(code);
        const Character character = first_character(text + "behind");
        if (code >= 0xd800 && code <= 0xdfff) {
            return !character.well_formed && !character.printable && character.length == 1;
        }
        return character.well_formed && character.code == code && character.length == text.size();
    };
    char32_t code = 0;
    while (code < 0x110000 && is_read(code)) ++code;
    CHECK(code == 0x110000);
}

TEST_CASE("what a terminal or a browser would obey is not printable", "[printable]") {
    const auto shown = [](char32_t code) { return first_character(utf8(code)).printable; };
    for (char32_t code = 0; code < 0x20; ++code) CHECK_FALSE(shown(code));
    for (char32_t code = 0x7f; code < 0xa0; ++code) CHECK_FALSE(shown(code));
    for (const char32_t code : std::initializer_list<char32_t>{0x061c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e,
                                                               0x2066, 0x2069, 0xfeff, 0xfffe, 0xffff, 0x1fffe,
                                                               0x10ffff}) {
        CHECK_FALSE(shown(code));
    }
    for (const char32_t code : std::initializer_list<char32_t>{0x20, 0x7e, 0xa0, 0xff, 0x20ac, 0x2027, 0x202f, 0x2065,
                                                               0x206a, 0xfffd, 0x1f600}) {
        CHECK(shown(code));
    }
}

TEST_CASE("a text that ends within a character is shown to its end", "[printable]") {
    const std::string smile = utf8(0x1f600);
    CHECK(printable(smile.substr(0, 1)) == "\\xf0");
    CHECK(printable(smile.substr(0, 3)) == "\\xf0\\x9f\\x98");
    CHECK(printable(smile) == smile);
    CHECK(printable("").empty());
    CHECK(printable(std::string_view("a\0b", 3)) == "a\\x00b");
}
