// SPDX-License-Identifier: MIT
#include "route_files/route_pattern.hpp"

#include "catch.hpp"
#include "mentions.hpp"
#include "routing/pattern_text.hpp"

namespace dproxy::config {
namespace {

/// The pattern in its normal form; `!` and the fault where it is none.
std::string read(std::string_view text) {
    const auto pattern = parse_route_pattern(text);
    return pattern ? routing::pattern_text(pattern->kind, pattern->name.wire()) : "!" + pattern.fault;
}

}  // namespace

TEST_CASE("patterns are read in every form", "[route_pattern]") {
    CHECK(read("example.com") == "example.com");
    CHECK(read("Example.COM.") == "example.com");
    CHECK(read("*.example.com") == "*.example.com");
    CHECK(read("*.Example.com.") == "*.example.com");
    CHECK(read(".example.com") == ".example.com");
    CHECK(read(".example.com.") == ".example.com");
    CHECK(read("*") == "*");
    CHECK(read("*.") == "*");
    CHECK(read(".") == "*");
    CHECK(read("com") == "com");
    CHECK(read("xn--bcher-kva.example") == "xn--bcher-kva.example");
    CHECK(read("_dmarc.example.com") == "_dmarc.example.com");
    CHECK(read("16/28.2.0.192.in-addr.arpa") == "16/28.2.0.192.in-addr.arpa");
}

TEST_CASE("escapes in patterns", "[route_pattern]") {
    CHECK(read("a\\.b.example") == "a\\.b.example");
    CHECK(read("\\065.example") == "a.example");
    CHECK(read("\\000\\255.example") == "\\000\\255.example");
    CHECK(read("\\*.example") == "\\*.example");
    CHECK(read("\\042.example") == "\\*.example");
    CHECK(read("*.\\*.example") == "*.*.example");
    for (const char* wrong : {"a\\", "a\\2", "a\\25x", "a\\256"}) CHECK(read(wrong).starts_with("!"));
}

TEST_CASE("an asterisk elsewhere is told what is possible", "[route_pattern]") {
    for (const char* wrong : {"www.*.example.com", "a*.example.com", "*a.example.com", "example.*", "**", "*.*",
                              ".*.com", "*.a.*.com", "a.*"}) {
        INFO(wrong);
        CHECK(mentions(read(wrong), "` is not a pattern: `*` may stand alone or "));
    }
}

TEST_CASE("what is no name is told why", "[route_pattern]") {
    CHECK(mentions(read("a..b"), "a label is empty"));
    CHECK(mentions(read(".."), "a label is empty"));
    CHECK(mentions(read("*.."), "a label is empty"));
    CHECK(mentions(read("..a"), "a label is empty"));
    CHECK(mentions(read("*..a"), "a label is empty"));
    CHECK(mentions(read(std::string(64, 'a')), "longer than 63"));
    CHECK(read(std::string(63, 'a')) == std::string(63, 'a'));
    const std::string label = std::string(63, 'a') + '.';
    CHECK_FALSE(read(label + label + label + std::string(61, 'b')).starts_with("!"));
    CHECK(mentions(read(label + label + label + std::string(62, 'b')), "longer than 255"));
    CHECK(mentions(read("b\xc3\xbc" "cher.example"), "xn--"));
    CHECK(mentions(read("a\x01.example"), "control character"));
    CHECK(mentions(read("a\x7f.example"), "control character"));
}

TEST_CASE("a pattern that no name is likely to match is told what was meant", "[route_pattern]") {
    struct Case {
        const char* text;
        const char* hint;
    };
    for (const auto& [text, hint] :
         {Case{"\".x\"", "quotes would be part of the name; expected `.x`"},
          Case{"'a.test'", "expected `a.test`"}, Case{"`a.test`", "expected `a.test`"},
          Case{"/x/", "no regular expression"},
          Case{"/.a.test/", "no regular expression"}, Case{"^www\\.a\\.test$", "no regular expression"},
          Case{"(a|b).test", "no regular expression"}, Case{"~a.test", "no regular expression"},
          Case{"a?.test", "no regular expression"}, Case{"a;b.x", "`;` separates nothing; expected blanks or commas"},
          Case{"a.test;", "`;` separates nothing"}, Case{"a|b.test", "no regular expression"},
          Case{"a&b", "`&` separates nothing"}, Case{"http://a.test", "no scheme before it; expected `a.test`"},
          Case{"https://a.test:8443/dns-query", "no scheme before it; expected `a.test`"},
          Case{"a.test:53", "a name has no port; expected `a.test`, and the upstream's port in `port`"},
          Case{"*.a.test:5300", "expected `*.a.test`"},
          Case{"a.test/", "a name has no path behind it; expected `a.test`"},
          Case{"a.test/dns-query", "no path behind it"}, Case{"10.0.0.0/8", "a pattern is no network"},
          Case{"2001:db8::1", "hardly ever `:`"}, Case{"fd00::/8", "hardly ever `:`"},
          Case{"user@a.test", "hardly ever `@`"}, Case{"a.test=", "hardly ever `=`"},
          Case{"!a.test", "hardly ever `!`"},
          Case{"a%20b", "hardly ever `%`"}}) {
        INFO(text);
        RoutePattern pattern;
        CHECK(parse_route_pattern(text, pattern) == "");
        const std::string doubt = doubt_about_pattern(text);
        INFO(doubt);
        CHECK(mentions(doubt, "will hardly ever match a name"));
        CHECK(mentions(doubt, hint));
    }
    CHECK(mentions(read("\"*.a.test\""), "is not a pattern: quotes would be part of the name; expected `*.a.test`"));
    CHECK(mentions(read("^.*\\.a\\.test$"), "is not a pattern: a pattern is no regular expression"));
    for (const char* usual :
         {"a.test", "*.a.test", ".a.test", "*", ".", "a.test.", "A-1.TEST", "_dmarc.a.test", "_53._tcp.a.test",
          "xn--bcher-kva.x",
          "\\\".x", "a\\;b.x", "a\\059b.x", "My\\032Printer._ipp._tcp.local", "0/25.2.0.192.in-addr.arpa",
          "*.0/25.2.0.192.IN-ADDR.ARPA.", "10.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"}) {
        INFO(usual);
        CHECK(doubt_about_pattern(usual) == "");
    }
}

}  // namespace dproxy::config
