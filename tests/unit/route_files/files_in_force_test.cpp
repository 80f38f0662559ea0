// SPDX-License-Identifier: MIT
#include "route_files/files_in_force.hpp"

#include "catch.hpp"
#include "store_fixture.hpp"

using namespace dproxy;
using namespace dproxy::config;
using namespace dproxy::test;
using namespace std::chrono_literals;

namespace {

const FilesInForce::Time noon{1'000'000s};

RoutesState of(const std::vector<std::pair<std::string, std::string>>& files) {
    RoutesState routes;
    for (const auto& [name, text] : files) {
        RouteFileState file{name};
        if (!text.empty()) file.content_in_force = hash_of(text);
        routes.files.push_back(file);
    }
    return routes;
}

}  // namespace

TEST_CASE("content is in force since every worker took it, whatever else changes later", "[files_in_force]") {
    const FilesInForce first({}, of({{"a", "1"}, {"b", "1"}, {"broken", ""}}), noon);
    REQUIRE(first.find("a") != nullptr);
    CHECK(first.find("a")->content == hash_of("1"));
    CHECK(first.find("a")->since == noon);
    CHECK(first.find("broken") == nullptr);
    CHECK(first.find("c") == nullptr);

    const FilesInForce second(first, of({{"a", "2"}, {"b", "1"}, {"broken", "1"}}), noon + 1s);
    CHECK(second.find("a")->content == hash_of("2"));
    CHECK(second.find("a")->since == noon + 1s);
    CHECK(second.find("b")->since == noon);
    CHECK(second.find("broken")->since == noon + 1s);

    const FilesInForce third(second, of({{"a", "1"}}), noon + 2s);
    CHECK(third.find("a")->since == noon + 2s);  // what comes back is in force anew
    CHECK(third.find("b") == nullptr);
}

TEST_CASE("the state of a file has the hash of what stands in it, and of what is in force", "[files_in_force]") {
    StoreFixture files;
    const std::string good = route("a.test", "192.0.2.1"), other = route("a.test", "192.0.2.2");
    write_file(files.file("a.prox"), good);
    auto store = files.store();
    auto state = files.reload(store).state;
    REQUIRE(state->files.size() == 1);
    CHECK(state->files[0].content == hash_of(good));
    CHECK(state->files[0].content_in_force == hash_of(good));
    CHECK(state->files[0].routes == 1);

    SECTION("a fault keeps the older one in force") {
        write_file(files.file("a.prox"), "[a.test]\n");
        state = files.reload(store).state;
        CHECK(state->files[0].content == hash_of("[a.test]\n"));
        CHECK(state->files[0].content_in_force == hash_of(good));
        CHECK_FALSE(state->files[0].valid);
        CHECK(state->files[0].routes == 1);
    }
    SECTION("of what cannot be read nothing is known") {
        fs::remove(files.file("a.prox"));
        fs::create_symlink("nowhere", files.file("a.prox"));
        state = files.reload(store).state;
        CHECK_FALSE(state->files[0].content);
        CHECK(state->files[0].content_in_force == hash_of(good));
    }
    SECTION("a section that is left out is no route of it") {
        write_file(files.file("b.prox"), route("a.test", "192.0.2.3") + route("b.test", "192.0.2.3"));
        state = files.reload(store).state;
        REQUIRE(state->files.size() == 2);
        CHECK(state->files[1].routes == 1);
        CHECK_FALSE(state->files[1].valid);
        CHECK(state->files[1].content == state->files[1].content_in_force);
    }
    SECTION("another content of the same routes is another one") {
        write_file(files.file("a.prox"), good + "# a comment\n");
        state = files.reload(store).state;
        CHECK(state->files[0].content == hash_of(good + "# a comment\n"));
        CHECK(state->files[0].content_in_force == state->files[0].content);
    }
}
