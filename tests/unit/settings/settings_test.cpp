// SPDX-License-Identifier: MIT
#include "settings/settings.hpp"

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::config;

TEST_CASE("what is listened on is said, or every address of both families", "[settings]") {
    Settings settings;
    settings.port = 1053;
    REQUIRE(listen_endpoints(settings).size() == 2);
    CHECK(listen_endpoints(settings)[0].to_string() == "[::]:1053");
    CHECK(listen_endpoints(settings)[1].to_string() == "0.0.0.0:1053");
    settings.listen = {*net::Endpoint::parse("127.0.0.1:99", 0)};
    CHECK(listen_endpoints(settings) == settings.listen);
    settings.port = 0;  // of no meaning any more
    CHECK(listen_endpoints(settings) == settings.listen);
}
