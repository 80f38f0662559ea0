// SPDX-License-Identifier: MIT
// What goes wrong with route files, and what stays in force then.
#include <sys/stat.h>

#include "catch.hpp"
#include "store_fixture.hpp"

using namespace dproxy;
using namespace dproxy::test;
using config::Severity;

namespace {

constexpr const char* broken = "[a.test]\naddress = nonsense:nonsense\n";

}  // namespace

TEST_CASE_METHOD(StoreFixture, "a broken file keeps its last good routes while the others go live") {
    write_file(file("a.prox"), route("a.test", "127.0.0.1"));
    auto routes = store();
    const auto good = reload(routes);
    write_file(file("a.prox"), broken);
    write_file(file("b.prox"), route("b.test", "127.0.0.2"));
    const auto bad = reload(routes);
    CHECK(answer(bad, "a.test") == "127.0.0.1");
    CHECK(answer(bad, "b.test") == "127.0.0.2");
    CHECK_FALSE(bad.state->success);
    REQUIRE(bad.new_faults.size() == 1);
    CHECK(bad.new_faults[0].file == shown("a.prox"));
    CHECK(bad.new_faults[0].line == 2);
    CHECK(is_file(bad.state->files[0], shown("a.prox"), false, true));
    CHECK(bad.state->files[1].valid);

    SECTION("the fault is told once, and stays in the state") {
        const auto again = reload(routes, {.everything = true});
        CHECK(again.new_faults.empty());
        CHECK(again.state == bad.state);
        CHECK(again.state->faults.size() == 1);
        fs::remove(file("b.prox"));
        const auto other = reload(routes);
        CHECK(other.new_faults.empty());
        CHECK(other.state->faults.size() == 1);
    }
    SECTION("another fault is told, too") {
        write_file(file("a.prox"), "nonsense\n");
        CHECK(reload(routes).new_faults.size() >= 1);
    }
    SECTION("mended: live, and the next fault of the same kind is told again") {
        write_file(file("a.prox"), route("a.test", "127.0.0.5"));
        const auto mended = reload(routes);
        CHECK(mended.state->success);
        CHECK(mended.changes.changed.named == Strings{"a.test"});
        write_file(file("a.prox"), broken);
        CHECK(reload(routes).new_faults.size() == 1);
    }
    SECTION("mended to what it was: no new table of other content") {
        write_file(file("a.prox"), route("a.test", "127.0.0.1"));
        const auto mended = reload(routes);
        CHECK(mended.state->success);
        CHECK(mended.changes.empty());
        CHECK(mended.state->hash == bad.state->hash);
    }
    SECTION("removed: its last good routes go too") {
        fs::remove(file("a.prox"));
        const auto removed = reload(routes);
        CHECK(answer(removed, "a.test") == "none");
        CHECK(removed.state->success);
    }
}

TEST_CASE_METHOD(StoreFixture, "a file that is broken at the start is left out") {
    write_file(file("a.prox"), broken);
    write_file(file("b.prox"), route("b.test"));
    auto routes = store();
    const auto first = reload(routes);
    CHECK(answer(first, "a.test") == "none");
    CHECK(answer(first, "b.test") == "127.0.0.1");
    CHECK_FALSE(first.state->success);
    CHECK(is_file(first.state->files[0], shown("a.prox"), false, false));
    write_file(file("a.prox"), route("a.test"));
    CHECK(answer(reload(routes), "a.test") == "127.0.0.1");
}

TEST_CASE_METHOD(StoreFixture, "the later one of two equal patterns is left out, and comes back when it stands alone") {
    write_file(file("a.prox"), route("x.test", "127.0.0.1"));
    write_file(file("b.prox"), route("x.test", "127.0.0.2") + route("b.test"));
    auto routes = store();
    const auto both = reload(routes);
    CHECK(answer(both, "x.test") == "127.0.0.1");
    CHECK(answer(both, "b.test") == "127.0.0.1");
    REQUIRE(both.new_faults.size() == 1);
    CHECK(both.new_faults[0].file == shown("b.prox"));
    CHECK(both.new_faults[0].line == 1);
    CHECK(both.new_faults[0].message.find(shown("a.prox") + ":1") != std::string::npos);
    CHECK_FALSE(both.state->success);
    CHECK(both.state->files[0].valid);
    CHECK_FALSE(both.state->files[1].valid);

    SECTION("the first is removed") {
        fs::remove(file("a.prox"));
        const auto alone = reload(routes);
        CHECK(answer(alone, "x.test") == "127.0.0.2");
        CHECK(alone.state->success);
        CHECK(alone.changes.changed.named == Strings{"x.test"});
    }
    SECTION("a broken file counts with its last good routes") {
        write_file(file("a.prox"), broken);
        const auto bad = reload(routes);
        CHECK(answer(bad, "x.test") == "127.0.0.1");
        CHECK(bad.state->faults.size() == 2);
        CHECK(bad.new_faults.size() == 1);
    }
}

TEST_CASE_METHOD(StoreFixture, "a section that becomes a duplicate has no last good version") {
    write_file(file("b.prox"), route("x.test", "127.0.0.2"));
    auto routes = store();
    CHECK(answer(reload(routes), "x.test") == "127.0.0.2");
    write_file(file("a.prox"), route("x.test", "127.0.0.1"));
    const auto later = reload(routes);
    auto restarted = store();
    const auto fresh = reload(restarted);
    CHECK(answer(later, "x.test") == "127.0.0.1");
    CHECK(answer(fresh, "x.test") == "127.0.0.1");
    CHECK(later.state->hash == fresh.state->hash);
    CHECK(texts(later.state->faults) == texts(fresh.state->faults));
}

TEST_CASE_METHOD(StoreFixture, "a file that cannot be read keeps its last good routes; a missing name removes them") {
    write_file(file("a.prox"), route("a.test", "127.0.0.1"));
    auto routes = store();
    reload(routes);
    fs::remove(file("a.prox"));
    std::string fault;
    SECTION("a link that leads nowhere") {
        fs::create_symlink("nowhere", file("a.prox"));
        fault = "is a link that leads nowhere";
    }
    SECTION("a FIFO") {
        REQUIRE(::mkfifo(file("a.prox").c_str(), 0600) == 0);
        fault = "is a FIFO, expected a file";
    }
    SECTION("too large") {
        write_file(file("a.prox"), std::string(config::max_route_file_size + 1, '\n'));
        fault = "holds 1048577 bytes, expected at most 1048576";
    }
    const auto unreadable = reload(routes);
    CHECK(answer(unreadable, "a.test") == "127.0.0.1");
    CHECK(texts(unreadable.new_faults) == Strings{shown("a.prox") + ": " + fault});
    CHECK_FALSE(unreadable.state->files[0].valid);
    CHECK(reload(routes).state == unreadable.state);

    fs::remove(file("a.prox"));
    CHECK(answer(reload(routes), "a.test") == "none");
}

TEST_CASE_METHOD(StoreFixture, "a file that is readable again with its old content needs no parsing") {
    write_file(file("a.prox"), route("a.test"));
    auto routes = store();
    reload(routes);
    fs::rename(file("a.prox"), file("a.old"));
    fs::create_symlink("nowhere", file("a.prox"));
    CHECK_FALSE(reload(routes).state->success);
    fs::rename(file("a.old"), file("a.prox"));
    const auto back = reload(routes);
    CHECK(back.state->success);
    CHECK_FALSE(back.table_changed);
    CHECK(routes.counts().files_parsed == 1);
}

TEST_CASE_METHOD(StoreFixture, "a directory that vanishes keeps its last good routes until it returns") {
    write_file(file("a.prox"), route("a.test", "127.0.0.1"));
    fs::create_directory(file("team"));
    write_file(file("team/b.prox"), route("b.test", "127.0.0.2"));
    auto routes = store();
    const auto first = reload(routes);
    fs::rename(location, top / "away");
    const auto vanished = reload(routes);
    CHECK(vanished.state->table == first.state->table);
    CHECK(answer(vanished, "b.test") == "127.0.0.2");
    REQUIRE(vanished.new_faults.size() == 1);
    CHECK(vanished.new_faults[0].to_string() ==
          location + ": the directory has vanished; its last good routes stay in force");
    CHECK_FALSE(vanished.state->success);
    CHECK(reload(routes).new_faults.empty());

    fs::create_directory(location);
    write_file(file("a.prox"), route("a.test", "127.0.0.9"));
    const auto returned = reload(routes);
    CHECK(returned.state->success);
    CHECK(answer(returned, "a.test") == "127.0.0.9");
    CHECK(answer(returned, "b.test") == "none");
}

TEST_CASE_METHOD(StoreFixture, "a directory that is missing at the start is a warning, and waited for") {
    fs::remove(location);
    auto routes = store();
    const auto first = reload(routes);
    CHECK(first.state->success);
    REQUIRE(first.state->faults.size() == 1);
    CHECK(first.state->faults[0].severity == Severity::warning);
    CHECK(first.state->faults[0].to_string() == location + ": there is no such directory");
    CHECK(first.state->table);
    fs::create_directory(location);
    write_file(file("a.prox"), route("a.test"));
    const auto second = reload(routes);
    CHECK(second.state->faults.empty());
    CHECK(answer(second, "a.test") == "127.0.0.1");
}

TEST_CASE_METHOD(StoreFixture, "a subdirectory behind a link that breaks keeps its routes; other links are no fault") {
    fs::create_directory(top / "real");
    write_file(top / "real/x.prox", route("x.test"));
    fs::create_directory_symlink(top / "real", file("team"));
    fs::create_symlink("nowhere", file("README"));
    auto routes = store();
    CHECK(reload(routes).state->faults.empty());
    fs::rename(top / "real", top / "away");
    const auto broken_link = reload(routes);
    CHECK(answer(broken_link, "x.test") == "127.0.0.1");
    CHECK(texts(broken_link.state->faults) ==
          Strings{shown("team") + ": the directory has vanished; its last good routes stay in force"});
    fs::remove(file("team"));
    CHECK(answer(reload(routes), "x.test") == "none");
}

TEST_CASE_METHOD(StoreFixture, "what is left out of a directory is a fault of the directory") {
    write_file(file("a.prox"), route("a.test"));
    write_file(file("b.prox"), route("b.test"));
    config::RouteStoreOptions options{{location}};
    options.limits.files = 1;
    RouteStore routes(options);
    const auto result = reload(routes);
    CHECK(result.state->routes == 1);
    CHECK_FALSE(result.state->success);
    CHECK(result.state->faults[0].file == location);
    CHECK(result.state->faults[0].message.find("more than 1 files") != std::string::npos);
}

TEST_CASE_METHOD(StoreFixture, "sections that stand already are told to the limit of a file, and counted") {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += route("n" + std::to_string(i) + ".test", "127.0.0.1");
    write_file(file("a.prox"), text);
    auto routes = store();
    reload(routes);
    write_file(file("b.prox"), text);
    write_file(file("c.prox"), text);
    const auto copied = reload(routes);
    CHECK(copied.state->routes == 5000);
    CHECK(copied.state->faults.size() == 2 * (config::max_faults_per_file + 1));
    CHECK(copied.new_faults.size() == copied.state->faults.size());
    CHECK(copied.state->faults.at(100).to_string() ==
          shown("b.prox") + ": and 4900 more sections left out, with patterns that stand already");
    CHECK(answer(copied, "n4999.test") == "127.0.0.1");
    CHECK_FALSE(copied.state->files.at(1).valid);
    fs::remove(file("a.prox"));
    CHECK(reload(routes).state->faults.size() == config::max_faults_per_file + 1);
}

TEST_CASE_METHOD(StoreFixture, "faults of very many files are told to a limit, errors first") {
    for (int i = 0; i < 600; ++i) {
        write_file(file("a" + std::to_string(i) + ".prox"), route("\"n" + std::to_string(i) + "\"", "127.0.0.1"));
        write_file(file("b" + std::to_string(i) + ".prox"), broken);
    }
    auto routes = store();
    const auto first = reload(routes);
    REQUIRE(first.state->faults.size() == config::max_listed_faults + 1);
    CHECK(first.state->faults.at(599).severity == Severity::error);
    CHECK(first.state->faults.at(600).severity == Severity::warning);
    CHECK(first.state->faults.back().to_string() == "routes: and 200 more faults in other files");
    CHECK_FALSE(first.state->success);
    CHECK(first.state->files.size() == 1200);
}

TEST_CASE_METHOD(StoreFixture, "a file with an address on an interface that comes later is good then") {
    static bool is_there;
    is_there = false;
    write_file(file("a.prox"), "[a.test]\naddress = fe80::1%eth7\n");
    config::RouteStoreOptions options{{location}};
    options.limits.settled_after = std::chrono::nanoseconds(0);
    options.prox.capabilities.interface_exists = [](const net::Address&) { return is_there; };
    RouteStore routes(std::move(options));
    const auto first = reload(routes);
    REQUIRE(first.state->faults.size() == 1);
    CHECK(first.state->faults.front().to_string() ==
          shown("a.prox") + ":2: `address`: `fe80::1%eth7`: there is no interface `eth7` on this machine");
    CHECK(reload(routes).new_faults.empty());
    is_there = true;
    const auto later = reload(routes);
    CHECK(later.state->success);
    CHECK(answer(later, "a.test") == "fe80::1%eth7");
    CHECK_FALSE(reload(routes).state_changed);
}
