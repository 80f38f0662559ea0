// SPDX-License-Identifier: MIT
#include "settings/setting_words.hpp"

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::config;

namespace {

const InterfaceCheck every_interface = [](const net::Address&) { return true; };

}  // namespace

TEST_CASE("addresses to listen on take the port that is usual there", "[setting_words]") {
    const auto parsed = parse_listen("0.0.0.0, [::1]:8853", 853, every_interface);
    REQUIRE(parsed);
    REQUIRE(parsed->size() == 2);
    CHECK((*parsed)[0].to_string() == "0.0.0.0:853");
    CHECK((*parsed)[1].to_string() == "[::1]:8853");
}

TEST_CASE("addresses to listen on that are no good are told", "[setting_words]") {
    CHECK(parse_listen("", 853, every_interface).fault ==
          "found 0 addresses; expected 1 to 64, such as `0.0.0.0:853, [::]:853`");
    CHECK(parse_listen("192.0.2.1, 192.0.2.1:853", 853, every_interface).fault == "`192.0.2.1:853` stands twice");
    CHECK_FALSE(parse_listen("host", 853, every_interface).fault.empty());
}

TEST_CASE("paths are separated by commas, and may hold blanks", "[setting_words]") {
    const auto parsed = parse_paths(" /a b/c ,\td", "files", 2);
    REQUIRE(parsed);
    CHECK(*parsed == std::vector<std::string>{"/a b/c", "d"});
    CHECK(parse_paths("a,,b", "files", 9).fault == "an empty name was found; expected files, separated by commas");
    CHECK(parse_paths("a,b,c", "files", 2).fault == "found 3 files; expected at most 2");
}
