// SPDX-License-Identifier: MIT
#include "settings/http_keys.hpp"

#include "catch.hpp"

using namespace dproxy::config;

namespace {

std::string fault(std::string (*key)(std::string_view, const SettingCapabilities&, Settings&), std::string_view value) {
    Settings settings;
    return key(value, {}, settings);
}

}  // namespace

TEST_CASE("where clients over HTTP are answered, and whose word is taken", "[http_keys]") {
    Settings settings;
    CHECK(settings.http.path == "/dns-query");
    CHECK(listen_http("127.0.0.1:8053, [::1]", {}, settings).empty());
    REQUIRE(settings.http.listen.size() == 2);
    CHECK(settings.http.listen[0].to_string() == "127.0.0.1:8053");
    CHECK(settings.http.listen[1].to_string() == "[::1]:80");
    CHECK(https_path("/a/b-c", {}, settings).empty());
    CHECK(settings.http.path == "/a/b-c");
    CHECK(trusted_proxies("10.0.0.0/8, fd00::/8", {}, settings).empty());
    CHECK(settings.http.trusted_proxies.contains(dproxy::net::Address::v4(10, 1, 2, 3)));
    SECTION("and what takes it back") {
        CHECK(listen_http("off", {}, settings).empty());
        CHECK(settings.http.listen.empty());
        CHECK(trusted_proxies("none", {}, settings).empty());
        CHECK(settings.http.trusted_proxies.empty());
    }
}

TEST_CASE("values over HTTP that are none", "[http_keys]") {
    CHECK_FALSE(fault(listen_http, "somewhere").empty());
    for (const auto* bad : {"", "dns-query", "/dns?query", "/dns%20", "/dns query", "/d\xc3\xa4s"}) {
        INFO(bad);
        CHECK(fault(https_path, bad).find("expected a path of 1 to 255 bytes") != std::string::npos);
    }
    CHECK(fault(https_path, "/" + std::string(254, 'a')).empty());
    CHECK_FALSE(fault(https_path, "/" + std::string(255, 'a')).empty());
    CHECK(fault(trusted_proxies, "ingress").ends_with(", or `none`"));
}
