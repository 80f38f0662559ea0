// SPDX-License-Identifier: MIT
#include "config/route_pattern.hpp"

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

}  // namespace dproxy::config
