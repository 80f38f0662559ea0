// SPDX-License-Identifier: MIT
#include "server/version.hpp"

#include <algorithm>
#include <string_view>

#include "catch.hpp"

using namespace dproxy::server;

TEST_CASE("the version is three numbers, as releases are named", "[version]") {
    const std::string_view text(version);
    CHECK(std::count(text.begin(), text.end(), '.') == 2);
    CHECK(text.find_first_not_of("0123456789.") == std::string_view::npos);
    CHECK(text.find("..") == std::string_view::npos);
    CHECK(text.front() != '.');
    CHECK(text.back() != '.');
}

TEST_CASE("the revision is one word, known or not", "[version]") {
    const std::string_view text(revision);
    CHECK_FALSE(text.empty());
    CHECK(text.find_first_of(" \n\"") == std::string_view::npos);
}
