// SPDX-License-Identifier: MIT
#include "admin/html.hpp"

#include "catch.hpp"

using dproxy::admin::html;

TEST_CASE("what means something in a page is escaped") {
    CHECK(html("a.example *.b.example") == "a.example *.b.example");
    CHECK(html("<script>alert('x' & \"y\")</script>") ==
          "&lt;script&gt;alert(&#39;x&#39; &amp; &quot;y&quot;)&lt;/script&gt;");
    CHECK(html("&lt;") == "&amp;lt;");
}

TEST_CASE("what cannot be seen is shown") {
    CHECK(html(std::string("a\0\n\x1b[0m", 7)) == "a\\x00\\x0a\\x1b[0m");
    CHECK(html("\xe2\x80\xae" "exe") == "\\xe2\\x80\\xae" "exe");  // right to left
    CHECK(html("\xff") == "\\xff");
    CHECK(html("\xc3\xa4") == "\xc3\xa4");
}

TEST_CASE("a long text is cut, between characters too") {
    CHECK(html("12345", 5) == "12345");
    CHECK(html("123456", 5) == "12345...");
    CHECK(html("1234\xc3\xa4", 5) == "1234\\xc3...");
    CHECK(html("<<<", 2) == "&lt;&lt;...");
}
