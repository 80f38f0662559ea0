// SPDX-License-Identifier: MIT
#include "server/page_words.hpp"

#include "catch.hpp"

using namespace dproxy::server;

TEST_CASE("words of good and bad are escaped", "[page_words]") {
    CHECK(good("<up>") == "<span class=\"good\">&lt;up&gt;</span>");
    CHECK(bad("<down>") == "<span class=\"bad\">&lt;down&gt;</span>");
}

TEST_CASE("numbers have as many digits as say something", "[page_words]") {
    CHECK(number_words(0) == "0");
    CHECK(number_words(0.001) == "0");
    CHECK(number_words(0.03) == "0.03");
    CHECK(number_words(1.23) == "1.2");
    CHECK(number_words(9.96) == "10");
    CHECK(number_words(12'345.6) == "12346");
}

TEST_CASE("milliseconds and bytes are told shortly", "[page_words]") {
    CHECK(milliseconds_words(0.412) == "0.41 ms");
    CHECK(milliseconds_words(12.34) == "12.3 ms");
    CHECK(milliseconds_words(310.2) == "310 ms");
    CHECK(mebibytes_words(1 << 19) == "0.5 MiB");
}
