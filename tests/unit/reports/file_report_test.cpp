// SPDX-License-Identifier: MIT
#include "reports/file_report.hpp"

#include <boost/json.hpp>

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::config;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

const FilesInForce::Time noon{1'000'000s};

RouteFileState file(const std::string& name, const std::string& text = "text") {
    RouteFileState state{name};
    state.content = state.content_in_force = hash_of(text);
    state.routes = 3;
    return state;
}

struct Files {
    RoutesState routes;
    FilesInForce in_force;

    void adopt(FilesInForce::Time now = noon) { in_force = FilesInForce(in_force, routes, now); }
    FileListing listing() const {
        return {std::make_shared<const RoutesState>(routes), std::make_shared<const FilesInForce>(in_force)};
    }
    json::array found(std::string_view name) const { return json::parse(listing().find(name)).at("files").as_array(); }
};

}  // namespace

TEST_CASE("a file tells what stands in it, what is in force, and since when", "[file_report]") {
    Files files;
    files.routes.files = {file("r/a.prox", "1")};
    files.adopt();
    CHECK(file_json(files.routes.files[0], &files.in_force) ==
          json::object{{"file", "r/a.prox"}, {"valid", true}, {"in_force", true},
                       {"hash", hash_of("1").to_string()}, {"hash_in_force", hash_of("1").to_string()},
                       {"since", "1970-01-12T13:46:40.000Z"}, {"routes", 3}});
    SECTION("what no worker has taken is not in force") {
        files.routes.files[0] = file("r/a.prox", "2");
        const auto told = file_json(files.routes.files[0], &files.in_force);
        CHECK(told.at("hash") == json::value(hash_of("2").to_string()));
        CHECK(told.at("hash_in_force") == json::value(hash_of("1").to_string()));
        CHECK(file_json(files.routes.files[0], nullptr).at("hash_in_force") ==
              json::value(hash_of("2").to_string()));
        CHECK_FALSE(file_json(files.routes.files[0], nullptr).contains("since"));
    }
    SECTION("what cannot be read has no hash, and what never was in force no time") {
        RouteFileState broken{"r/b.prox"};
        broken.valid = broken.in_force = false;
        CHECK(file_json(broken, &files.in_force) ==
              json::object{{"file", "r/b.prox"}, {"valid", false}, {"in_force", false}, {"hash", nullptr},
                           {"hash_in_force", nullptr}, {"since", nullptr}, {"routes", 0}});
    }
}

TEST_CASE("a name means a file or the last components of its path", "[file_report]") {
    CHECK(is_named("/etc/routes/team-a/a.prox", "/etc/routes/team-a/a.prox"));
    CHECK(is_named("/etc/routes/team-a/a.prox", "team-a/a.prox"));
    CHECK(is_named("/etc/routes/team-a/a.prox", "/team-a/a.prox"));
    CHECK(is_named("a.prox", "a.prox"));
    CHECK_FALSE(is_named("/etc/routes/team-a/a.prox", "eam-a/a.prox"));
    CHECK_FALSE(is_named("/etc/routes/team-a/a.prox", ""));
    CHECK_FALSE(is_named("a.prox", "r/a.prox"));
}

TEST_CASE("the faults of a file stand beside it, in their order", "[file_report]") {
    Files files;
    files.routes.files = {file("r/a.prox"), file("r/b.prox")};
    files.routes.faults = {{Severity::error, "r", 0, "of the directory"},
                           {Severity::error, "r/b.prox", 3, "first"},
                           {Severity::warning, "r/b.prox", 7, "second"}};
    CHECK(files.found("r/a.prox")[0].at("faults") == json::array());
    const auto faults = files.found("b.prox")[0].at("faults").as_array();
    REQUIRE(faults.size() == 2);
    CHECK(faults[0] == json::object{{"file", "r/b.prox"}, {"line", 3}, {"severity", "error"}, {"message", "first"}});
    CHECK(faults[1].at("severity") == "warning");
}

TEST_CASE("the pieces of all files are the whole of it", "[file_report]") {
    Files files;
    const std::size_t count = 3000;
    for (std::size_t i = 0; i < count; ++i) files.routes.files.push_back(file("r/" + std::to_string(i) + "/a.prox"));
    files.adopt();
    const FileListing listing = files.listing();
    std::string whole;
    std::size_t at = 0, pieces = 0;
    for (bool more = true; more;) {
        std::string piece;
        more = listing.append(at, piece);
        CHECK(piece.size() < FileListing::piece_bytes + 1024);
        whole += piece;
        ++pieces;
    }
    CHECK(pieces > 2);
    const auto all = json::parse(whole).at("files").as_array();
    REQUIRE(all.size() == count);
    CHECK(all.back().at("file") == "r/2999/a.prox");

    const auto found = json::parse(listing.find("a.prox")).as_object();
    CHECK(found.at("files").as_array().size() == max_files_found);
    CHECK(found.at("files_more") == count - max_files_found);
    CHECK(files.found("nothing").empty());
}
