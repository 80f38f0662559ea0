// SPDX-License-Identifier: MIT
#include "reports/own_upstreams.hpp"

#include "catch.hpp"
#include "route_files/prox_file.hpp"
#include "settings/setting_keys.hpp"

using namespace dproxy;
using namespace dproxy::config;

namespace {

Settings settings_with(std::initializer_list<std::pair<const char*, const char*>> values) {
    Settings settings = default_settings();
    for (const auto& [key, value] : values) REQUIRE(find_setting_key(key)->apply(value, {}, settings).empty());
    return settings;
}

std::string warnings(std::string_view text, const Settings& settings) {
    routing::SettingsPool pool;
    const auto parse = parse_prox(text, "a.prox", {}, pool);
    REQUIRE(parse.file);
    std::string said;
    for (const auto& one : own_upstream_warnings(*routing::RouteTable::build({parse.file}).table, settings)) {
        CHECK(one.severity == Severity::warning);
        said += one.to_string() + "\n";
    }
    return said;
}

}  // namespace

TEST_CASE("a route to where dproxy listens is told with its place", "[own_upstreams]") {
    const Settings settings = default_settings();
    CHECK(warnings("[a.test]\naddress = 192.0.2.1\n[b.test]\naddress = 192.0.2.1, 127.0.0.1\n", settings) ==
          "a.prox:3: `address`: at 127.0.0.1:53 dproxy itself listens; this address is left out\n");
    CHECK(warnings("[a.test]\naddress = 127.0.0.1:8053, [::1]:5353, ns.test\n[b.test]\nanswer = refused\n", settings) ==
          "");
}

TEST_CASE("what is listened on decides", "[own_upstreams]") {
    const auto settings = settings_with({{"listen", "192.0.2.7:1053"}});
    CHECK(warnings("[a.test]\naddress = 127.0.0.1, 127.0.0.1:1053\n", settings) == "");
    CHECK(warnings("[a.test]\naddress = 192.0.2.7:1053\n", settings) ==
          "a.prox:1: `address`: at 192.0.2.7:1053 dproxy itself listens; this address is left out\n");
}

TEST_CASE("the master upstream is looked at where it is used", "[own_upstreams]") {
    CHECK(warnings("", settings_with({{"masterupstream", "127.0.0.1"}})) == "");
    const auto told = warnings("", settings_with({{"usemasterupstream", "true"}, {"masterupstream", "127.0.0.1"}}));
    CHECK(told == "masterupstream: at 127.0.0.1:53 dproxy itself listens; this address is left out\n");
}

TEST_CASE("of many only the first are told", "[own_upstreams]") {
    std::string text;
    for (int i = 0; i < 150; ++i) text += "[r" + std::to_string(i) + ".test]\naddress = 127.0.0.1\n";
    const auto told = warnings(text, default_settings());
    CHECK(std::count(told.begin(), told.end(), '\n') == 101);
    CHECK(told.find("routes: and 50 more routes with dproxy itself as an upstream") != std::string::npos);
}
