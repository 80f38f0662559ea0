// SPDX-License-Identifier: MIT
#include "server/routes_page.hpp"

#include <string>

#include "catch.hpp"
#include "reports/route_report.hpp"
#include "settings/setting_keys.hpp"
#include "unit/routing/table_of_patterns.hpp"

using namespace dproxy;
using namespace dproxy::server;

namespace {

std::shared_ptr<const routing::RouteTable> large_table() {
    std::vector<std::string> sections;
    for (int i = 0; i < 2000; ++i) sections.push_back("n" + std::to_string(i) + ".test");
    return routing::table_of(sections);
}

std::string all_of(admin::NextPiece& next) {
    std::string text;
    while (next(text)) continue;
    return text;
}

}  // namespace

TEST_CASE("the page of all routes is their listing", "[routes_page]") {
    const auto table = large_table();
    const auto settings = config::default_settings();
    RoutesPage page;
    admin::NextPiece first = page.begin(table, settings);
    std::string begun;
    CHECK(first(begun));
    admin::NextPiece second = page.begin(table, settings);
    const std::string whole = config::routes_json(*table, settings);
    CHECK(all_of(second) == whole);
    CHECK(begun + all_of(first) == whole);
}

TEST_CASE("who still reads an older table when another is begun is cut off", "[routes_page]") {
    const auto settings = config::default_settings();
    RoutesPage page;
    auto table = large_table();
    const std::weak_ptr<const routing::RouteTable> older = table;
    admin::NextPiece slow = page.begin(std::move(table), settings);
    std::string begun;
    REQUIRE(slow(begun));
    CHECK_FALSE(older.expired());
    admin::NextPiece next = page.begin(large_table(), settings);
    CHECK(older.expired());  // its memory is free, however slow the reader is
    std::string piece;
    CHECK(slow(piece));
    CHECK(piece.empty());  // it cannot go on
    CHECK(all_of(next).ends_with("}"));
}

TEST_CASE("a listing lives as long as somebody reads it", "[routes_page]") {
    RoutesPage page;
    auto table = large_table();
    const std::weak_ptr<const routing::RouteTable> seen = table;
    admin::NextPiece reader = page.begin(std::move(table), config::default_settings());
    CHECK_FALSE(seen.expired());
    reader = nullptr;
    CHECK(seen.expired());
}
