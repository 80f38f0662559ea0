// SPDX-License-Identifier: MIT
#include "route_files/route_store.hpp"

#include "catch.hpp"
#include "store_fixture.hpp"

using namespace dproxy;
using namespace dproxy::test;
using config::Severity;

TEST_CASE_METHOD(StoreFixture, "the first load reads all, the second one nothing") {
    write_file(file("a.prox"), route("a.test", "127.0.0.1"));
    write_file(file("b.prox"), route("b.test", "127.0.0.2") + route("*.b.test", "127.0.0.3"));
    auto routes = store();
    const auto first = reload(routes);
    CHECK(first.state_changed);
    CHECK(first.table_changed);
    CHECK(first.state->success);
    CHECK(first.state->routes == 3);
    CHECK(first.changes.added.named == Strings{"*.b.test", "a.test", "b.test"});
    CHECK(first.state->files.size() == 2);
    CHECK(is_file(first.state->files[0], shown("a.prox"), true, true));
    CHECK_FALSE(first.look_again);
    CHECK(answer(first, "a.test") == "127.0.0.1");
    CHECK(answer(first, "x.b.test") == "127.0.0.3");

    const auto second = reload(routes);
    CHECK_FALSE(second.state_changed);
    CHECK(second.state == first.state);
    CHECK(second.changes.empty());
    CHECK(routes.counts().reloads == 2);
    CHECK(routes.counts().files_read == 2);
    CHECK(routes.counts().files_parsed == 2);
    CHECK(routes.counts().tables_built == 1);
}

TEST_CASE_METHOD(StoreFixture, "what an event named is read, and equal content is not parsed") {
    write_file(file("a.prox"), route("a.test"));
    write_file(file("b.prox"), route("b.test"));
    auto routes = store();
    const auto first = reload(routes);
    SECTION("an event alone") { reload(routes, {.touched = {shown("a.prox"), "elsewhere"}}); }
    SECTION("another inode with equal content") {
        save_by_rename(file("a.prox"), route("a.test"));
        CHECK(reload(routes).state == first.state);
    }
    CHECK(routes.counts().files_read == 3);
    reload(routes, {.everything = true});
    CHECK(routes.counts().files_read == 5);
    CHECK(routes.counts().files_parsed == 2);
    CHECK(routes.counts().tables_built == 1);
}

TEST_CASE_METHOD(StoreFixture, "a file that changed just before it was read is read again at the next look") {
    write_file(file("a.prox"), route("a.test"));
    config::RouteStoreOptions options{{location}};
    options.limits.settled_after = std::chrono::hours(1);
    RouteStore routes(options);
    reload(routes);
    reload(routes);
    CHECK(routes.counts().files_read == 2);
    CHECK(routes.counts().files_parsed == 1);
}

TEST_CASE_METHOD(StoreFixture, "changes of every kind go live, and are named") {
    write_file(file("a.prox"), route("a.test", "127.0.0.1") + route("b.test"));
    auto routes = store();
    const auto first = reload(routes);
    SECTION("in place") { write_file(file("a.prox"), route("a.test", "127.0.0.9") + route("c.test")); }
    SECTION("by rename") { save_by_rename(file("a.prox"), route("a.test", "127.0.0.9") + route("c.test")); }
    const auto second = reload(routes);
    CHECK(second.table_changed);
    CHECK(answer(second, "a.test") == "127.0.0.9");
    CHECK(answer(second, "b.test") == "none");
    CHECK(second.changes.added.named == Strings{"c.test"});
    CHECK(second.changes.changed.named == Strings{"a.test"});
    CHECK(second.changes.removed.named == Strings{"b.test"});
    CHECK(second.state->hash != first.state->hash);
    CHECK(answer(first, "a.test") == "127.0.0.1");  // who has the old table keeps it
    fs::remove(file("a.prox"));
    const auto third = reload(routes);
    CHECK(third.state->routes == 0);
    CHECK(third.state->files.empty());
    CHECK(third.changes.removed.size() == 2);
}

TEST_CASE_METHOD(StoreFixture, "a ConfigMap that is swapped goes live as a whole, in both orders of the kubelet") {
    const auto order = GENERATE(ConfigMapDirectory::Order::swap_first, ConfigMapDirectory::Order::links_first);
    ConfigMapDirectory map(location);
    map.publish({{"a.prox", route("a.test", "127.0.0.1")}, {"b.prox", route("b.test")}}, order);
    auto routes = store();
    CHECK(answer(reload(routes), "a.test") == "127.0.0.1");
    const auto parsed = routes.counts().files_parsed;
    const std::string changed = route("a.test", "127.0.0.2");
    map.publish({{"a.prox", changed}, {"b.prox", route("b.test")}, {"c.prox", route("c.test")}}, order);
    const auto swapped = reload(routes);
    CHECK(answer(swapped, "a.test") == "127.0.0.2");
    CHECK(swapped.changes.added.named == Strings{"c.test"});
    CHECK(swapped.changes.changed.named == Strings{"a.test"});
    CHECK(routes.counts().files_parsed == parsed + 2);
    map.publish({}, order);
    const auto emptied = reload(routes);
    CHECK(emptied.state->routes == 0);
    CHECK(emptied.state->success);
    CHECK(emptied.changes.removed.size() == 3);
}

TEST_CASE_METHOD(StoreFixture, "each step of a swap leaves the old routes or the new ones, and no fault") {
    ConfigMapDirectory map(location);
    map.publish({{"a.prox", route("a.test", "127.0.0.1")}, {"old.prox", route("old.test")}});
    auto routes = store();
    reload(routes);
    const auto old_or_new = [&](const std::string& a, const std::string& old) {
        const auto result = reload(routes);
        CHECK(result.state->faults.empty());
        CHECK(answer(result, "a.test") == a);
        CHECK(answer(result, "old.test") == old);
    };
    map.prepare({{"a.prox", route("a.test", "127.0.0.2")}});
    old_or_new("127.0.0.1", "127.0.0.1");
    map.swap();
    old_or_new("127.0.0.2", "none");
    map.remove_stale_links();
    old_or_new("127.0.0.2", "none");
    map.remove_old();
    old_or_new("127.0.0.2", "none");
}

TEST_CASE_METHOD(StoreFixture, "subdirectories come, change and go, each by itself") {
    ConfigMapDirectory team_a(file("team-a"));
    ConfigMapDirectory team_b(file("team-b"));
    team_a.publish({{"x.prox", route("a.test", "127.0.0.1")}});
    team_b.publish({{"x.prox", route("b.test", "127.0.0.2")}});
    auto routes = store();
    const auto first = reload(routes);
    CHECK(first.state->files[0].name == shown("team-a/x.prox"));
    CHECK(answer(first, "b.test") == "127.0.0.2");
    team_b.publish({{"y.prox", route("b.test", "127.0.0.3")}});
    CHECK(answer(reload(routes), "b.test") == "127.0.0.3");
    team_a.publish({});
    CHECK(reload(routes).changes.removed.named == Strings{"a.test"});
    fs::remove_all(team_b.path());
    const auto gone = reload(routes);
    CHECK(gone.state->routes == 0);
    CHECK(gone.state->success);
}

TEST_CASE_METHOD(StoreFixture, "of several directories the first has precedence, then own files, then names") {
    const std::string second = (top / "second").string();
    fs::create_directories(fs::path(second) / "sub");
    fs::create_directories(file("sub"));
    write_file(file("sub/0.prox"), route("a.test", "127.0.0.3"));
    write_file(file("z.prox"), route("a.test", "127.0.0.2"));
    write_file(file("y.prox"), route("a.test", "127.0.0.1"));
    write_file(fs::path(second) / "a.prox", route("a.test", "127.0.0.4"));
    auto routes = store({location + "/", second, location});
    const auto first = reload(routes);
    REQUIRE(first.state->files.size() == 4);  // a directory that is named twice is read once
    CHECK(first.state->files[3].name == second + "/a.prox");
    for (const auto* expected : {"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"}) {
        const auto result = reload(routes);
        CHECK(answer(result, "a.test") == expected);
        fs::remove(result.state->files.front().name);
    }
    CHECK(reload(routes).state->routes == 0);
}

TEST_CASE_METHOD(StoreFixture, "a file that two locations lead to by the same name stands once") {
    fs::create_directories(file("team"));
    write_file(file("team/a.prox"), route("a.test"));
    auto routes = store({location, location + "/team"});
    const auto result = reload(routes);
    CHECK(result.state->success);
    CHECK(result.state->files.size() == 1);
    CHECK(result.state->routes == 1);
}

TEST_CASE_METHOD(StoreFixture, "the same content in the same layout has the same hash, whatever came before") {
    write_file(file("a.prox"), route("a.test"));
    auto routes = store();
    const auto hash = reload(routes).state->hash;
    CHECK(hash.size() == 16);
    write_file(file("b.prox"), route("b.test"));
    CHECK(reload(routes).state->hash != hash);
    fs::rename(file("b.prox"), file("c.prox"));
    const auto renamed = reload(routes).state->hash;
    fs::remove(file("c.prox"));
    CHECK(reload(routes).state->hash == hash);
    auto fresh = store();
    CHECK(reload(fresh).state->hash == hash);
    write_file(file("b.prox"), route("b.test"));
    CHECK(reload(fresh).state->hash != renamed);
}

TEST_CASE_METHOD(StoreFixture, "many routes in many files are in force together") {
    for (int number = 0; number < 300; ++number) {
        write_file(file("r" + std::to_string(number) + ".prox"), route("r" + std::to_string(number) + ".test"));
    }
    auto routes = store();
    const auto result = reload(routes);
    CHECK(result.state->routes == 300);
    CHECK(result.changes.added.named.size() == config::max_named_labels);
    CHECK(result.changes.added.more == 300 - config::max_named_labels);
    CHECK(answer(result, "r299.test") == "127.0.0.1");
}
