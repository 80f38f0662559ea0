// SPDX-License-Identifier: MIT
#include "reports/route_listing.hpp"

#include <boost/json.hpp>
#include <string>

#include "catch.hpp"
#include "reports/route_report.hpp"
#include "settings/setting_keys.hpp"
#include "unit/routing/table_of_patterns.hpp"

using namespace dproxy;
using namespace dproxy::config;
namespace json = boost::json;

namespace {

std::shared_ptr<const routing::RouteTable> numbered(std::size_t count) {
    std::vector<std::string> sections;
    for (std::size_t i = 0; i < count; ++i) sections.push_back("*.n" + std::to_string(i) + ".test");
    return routing::table_of(sections);
}

}  // namespace

TEST_CASE("the pieces of a listing are the whole of it, each of about the same size", "[route_listing]") {
    const auto table = numbered(3000);
    const RouteListing listing(table, default_settings());
    CHECK(listing.table() == table);
    std::string whole;
    std::size_t at = 0, pieces = 0;
    for (bool more = true; more;) {
        std::string piece;
        more = listing.append(at, piece);
        ++pieces;
        CHECK(piece.size() < RouteListing::piece_bytes + 1024);
        if (more) CHECK(piece.size() >= RouteListing::piece_bytes);
        whole += piece;
    }
    CHECK(pieces > 2);
    CHECK(whole == routes_json(*table, default_settings()));
    CHECK(json::parse(whole).at("routes").as_array().size() == 3000);
}

TEST_CASE("several may read a listing, each at its own place", "[route_listing]") {
    const RouteListing listing(numbered(1500), default_settings());
    std::size_t quick = 0, slow = 0;
    std::string quickly, slowly;
    listing.append(slow, slowly);
    while (listing.append(quick, quickly)) continue;
    while (listing.append(slow, slowly)) continue;
    CHECK(quickly == slowly);
}

TEST_CASE("without routes a listing says where all names go", "[route_listing]") {
    const RouteListing listing(std::make_shared<const routing::RouteTable>(), default_settings());
    std::string text;
    std::size_t at = 0;
    CHECK_FALSE(listing.append(at, text));
    CHECK(json::parse(text).at("routes").as_array().empty());
    CHECK(json::parse(text).at("otherwise").at("answer") == "refused");
}
