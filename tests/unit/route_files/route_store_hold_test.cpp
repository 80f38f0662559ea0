// SPDX-License-Identifier: MIT
// Files that somebody is still writing.
#include "catch.hpp"
#include "store_fixture.hpp"

using namespace dproxy;
using namespace dproxy::test;
using std::chrono::milliseconds;

TEST_CASE_METHOD(StoreFixture, "a file that is modified and not closed keeps its routes until it is closed") {
    write_file(file("a.prox"), route("a.test", "127.0.0.1"));
    auto routes = store();
    reload(routes);
    write_file(file("a.prox"), "");  // the first step of cp: cut to nothing
    const ReloadHints half_way{.touched = {shown("a.prox")}, .open = {shown("a.prox")}};
    const auto held = reload(routes, half_way);
    const auto begun = now;
    CHECK(answer(held, "a.test") == "127.0.0.1");
    CHECK_FALSE(held.state_changed);
    REQUIRE(held.look_again);
    CHECK(*held.look_again == begun + config::max_hold);

    SECTION("closed: what it says now goes live") {
        write_file(file("a.prox"), route("a.test", "127.0.0.2"));
        const auto closed = reload(routes, {.touched = {shown("a.prox")}});
        CHECK(answer(closed, "a.test") == "127.0.0.2");
        CHECK_FALSE(closed.look_again);
    }
    SECTION("not closed: taken as it is after two seconds, whatever other reloads come between") {
        now += milliseconds(1000);
        CHECK(answer(reload(routes, half_way), "a.test") == "127.0.0.1");
        now = begun + config::max_hold - milliseconds(1);
        const auto late = reload(routes, {.open = {shown("a.prox")}});
        CHECK(answer(late, "a.test") == "none");
        CHECK_FALSE(late.look_again);
    }
    SECTION("closed unchanged in size and time: read all the same, as it was held") {
        const auto read = routes.counts().files_read;
        reload(routes);
        CHECK(routes.counts().files_read == read + 1);
    }
    SECTION("removed: nothing is left to hold") {
        fs::remove(file("a.prox"));
        const auto gone = reload(routes, half_way);
        CHECK(answer(gone, "a.test") == "none");
        CHECK_FALSE(gone.look_again);
    }
}

TEST_CASE_METHOD(StoreFixture, "a new file that is still being written is not there yet") {
    auto routes = store();
    reload(routes);
    write_file(file("new.prox"), "[new.test]\naddr");
    const auto held = reload(routes, {.touched = {shown("new.prox")}, .open = {shown("new.prox")}});
    CHECK(held.state->success);
    CHECK(held.state->files.empty());
    CHECK(held.look_again);
    write_file(file("new.prox"), route("new.test"));
    CHECK(answer(reload(routes, {.touched = {shown("new.prox")}}), "new.test") == "127.0.0.1");
}

TEST_CASE_METHOD(StoreFixture, "the first load waits for nobody") {
    write_file(file("a.prox"), route("a.test"));
    auto routes = store();
    const auto first = reload(routes, {.open = {shown("a.prox")}});
    CHECK(answer(first, "a.test") == "127.0.0.1");
}

TEST_CASE_METHOD(StoreFixture, "without events, a file that changes in place is taken when it stands still") {
    write_file(file("a.prox"), route("a.test", "127.0.0.1"));
    auto routes = store();
    reload(routes);
    const ReloadHints look{.unwatched = true};
    CHECK_FALSE(reload(routes, look).look_again);

    write_file(file("a.prox"), "");
    const auto first = reload(routes, look);
    CHECK(answer(first, "a.test") == "127.0.0.1");
    CHECK(first.look_again == now + config::hold_without_events);

    write_file(file("a.prox"), route("a.test", "127.0.0.22"));
    CHECK(answer(reload(routes, look), "a.test") == "127.0.0.1");
    const auto calm = reload(routes, look);
    CHECK(answer(calm, "a.test") == "127.0.0.22");
    CHECK_FALSE(calm.look_again);

    SECTION("what comes by rename is whole") {
        save_by_rename(file("a.prox"), route("a.test", "127.0.0.3"));
        CHECK(answer(reload(routes, look), "a.test") == "127.0.0.3");
    }
    SECTION("a file that never stands still is taken after two seconds") {
        write_file(file("a.prox"), route("a.test", "127.0.0.4"));
        reload(routes, look);
        now += config::max_hold;
        write_file(file("a.prox"), route("a.test", "127.0.0.55"));
        CHECK(answer(reload(routes, look), "a.test") == "127.0.0.55");
    }
}

TEST_CASE_METHOD(StoreFixture, "a folder that does not stand still keeps its routes and is looked at again soon") {
    ConfigMapDirectory map(location);
    map.publish({{"a.prox", route("a.test", "127.0.0.1")}});
    auto routes = store();
    reload(routes);
    // A ..data that is a link to itself never opens, and never is missing.
    fs::remove(fs::path(location) / "..data");
    fs::create_symlink("..data", fs::path(location) / "..data");
    const auto stuck = reload(routes);
    CHECK(answer(stuck, "a.test") == "127.0.0.1");
    REQUIRE(stuck.new_faults.size() == 1);
    CHECK(stuck.new_faults[0].message.find("`..data` cannot be read") == 0);
    CHECK(stuck.new_faults[0].message.find("its last good routes stay in force") != std::string::npos);
}
