// SPDX-License-Identifier: MIT
#include "server/files_page.hpp"

#include <string>

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::server;

namespace {

std::shared_ptr<const config::RoutesState> many_files() {
    config::RoutesState routes;
    for (int i = 0; i < 2000; ++i) routes.files.push_back({"r/" + std::to_string(i) + ".prox"});
    return std::make_shared<const config::RoutesState>(std::move(routes));
}

std::string all_of(admin::NextPiece& next) {
    std::string text;
    while (next(text)) continue;
    return text;
}

const auto nothing_in_force = std::make_shared<const config::FilesInForce>();

}  // namespace

TEST_CASE("readers of the same files share a listing, those of older ones are cut off", "[files_page]") {
    FilesPage page;
    auto routes = many_files();
    const std::weak_ptr<const config::RoutesState> older = routes;
    admin::NextPiece first = page.begin(routes, nothing_in_force, "");
    std::string begun;
    REQUIRE(first(begun));
    admin::NextPiece second = page.begin(std::move(routes), nothing_in_force, "");
    CHECK(all_of(second).starts_with(begun));
    CHECK_FALSE(older.expired());
    admin::NextPiece next = page.begin(many_files(), nothing_in_force, "");
    CHECK(older.expired());  // its memory is free, however slow the reader is
    std::string piece;
    CHECK(first(piece));
    CHECK(piece.empty());
    CHECK(all_of(next).ends_with("]}"));
}

TEST_CASE("who asks for one file holds nothing else", "[files_page]") {
    FilesPage page;
    auto routes = many_files();
    const std::weak_ptr<const config::RoutesState> seen = routes;
    admin::NextPiece next = page.begin(std::move(routes), nothing_in_force, "7.prox");
    CHECK(seen.expired());
    const std::string text = all_of(next);
    CHECK(text.find("\"r/7.prox\"") != std::string::npos);
    CHECK(text.find("\"r/17.prox\"") == std::string::npos);
}
