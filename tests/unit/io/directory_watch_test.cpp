// SPDX-License-Identifier: MIT
// What is reported when directories change.
#include <fcntl.h>
#include <unistd.h>

#include "io/fd.hpp"
#include "watch_fixture.hpp"

using namespace dproxy;
using namespace dproxy::test;

TEST_CASE_METHOD(WatchFixture, "each way to change a file is reported by the name of the operator") {
    write_file(file("a.prox"), "1");
    location += '/';  // as the default is written
    start();
    location.pop_back();
    SECTION("in place") { write_file(file("a.prox"), "2"); }
    SECTION("by rename") { save_by_rename(file("a.prox"), "2"); }
    SECTION("removed") { fs::remove(file("a.prox")); }
    SECTION("its mode") { fs::permissions(file("a.prox"), fs::perms::owner_read); }
    SECTION("a link instead") {
        fs::remove(file("a.prox"));
        fs::create_symlink("nowhere", file("a.prox"));
    }
    CHECK(reported(shown("a.prox")));
    CHECK(reports.back().open.empty());
    CHECK_FALSE(reports.back().unwatched);
}

TEST_CASE_METHOD(WatchFixture, "a ConfigMap's swap is reported, each time, in both orders of the kubelet") {
    const auto order = GENERATE(ConfigMapDirectory::Order::swap_first, ConfigMapDirectory::Order::links_first);
    ConfigMapDirectory map(location);
    map.publish({{"a.prox", "0"}}, order);
    start();
    for (int round = 0; round < 3; ++round) {
        reports.clear();
        map.publish({{"a.prox", std::to_string(round)}, {"b" + std::to_string(round) + ".prox", ""}}, order);
        CHECK(reported(shown("..data")));
        CHECK(reports.back().open.empty());  // a link needs no closing
    }
    reports.clear();
    write_file(fs::path(location) / "..data/a.prox", "in the directory behind ..data");
    CHECK(reported(shown("a.prox")));
}

TEST_CASE_METHOD(WatchFixture, "subdirectories are watched, later ones too, and what their ..data leads to") {
    fs::create_directory(file("team-a"));
    start();
    write_file(file("team-a/x.prox"), "1");
    CHECK(reported(shown("team-a/x.prox")));

    reports.clear();
    fs::create_directory(file("team-b"));
    CHECK(reports_something());
    reports.clear();
    ConfigMapDirectory map(file("team-b"));
    map.publish({{"x.prox", "1"}});
    CHECK(reported(shown("team-b/..data")));
    reports.clear();
    write_file(file("team-b/..data/x.prox"), "2");
    CHECK(reported(shown("team-b/x.prox")));
}

TEST_CASE_METHOD(WatchFixture, "a file that is written and not closed is named as open, until it is closed") {
    write_file(file("a.prox"), "1");
    start();
    io::Fd writer(::open(file("a.prox").c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    REQUIRE(writer);
    REQUIRE(reported(shown("a.prox")));
    CHECK(reports.back().open == std::vector<std::string>{shown("a.prox")});
    reports.clear();
    REQUIRE(::write(writer.get(), "2", 1) == 1);
    writer.close();
    CHECK(reports_closed(shown("a.prox")));
}

TEST_CASE_METHOD(WatchFixture, "a new file without content is open, a new link or a linked file is not") {
    write_file(top / "elsewhere", "");
    start();
    io::Fd writer(::open(file("new.prox").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    fs::create_symlink("nowhere", file("link.prox"));
    fs::create_hard_link(top / "elsewhere", file("linked.prox"));
    REQUIRE(reported(shown("linked.prox")));
    CHECK(reports.back().open == std::vector<std::string>{shown("new.prox")});
}

TEST_CASE_METHOD(WatchFixture, "thousands of events are few reports, and everything") {
    start();
    for (int number = 0; number < 6000; ++number) write_file(file("f" + std::to_string(number) + ".prox"), "1");
    CHECK(run_until([&] { return !reports.empty() && reports.back().everything; }));
    CHECK(reports.size() <= 2);
    CHECK(reports.back().touched.empty());
}

TEST_CASE_METHOD(WatchFixture, "a directory that is deleted and made again is watched again") {
    start({.directories = {}, .look_interval = never});
    fs::remove_all(location);
    CHECK(run_until([&] { return modes.back().first == WatchMode::poll; }));
    CHECK(modes.back().second == location + ": No such file or directory");
    reports.clear();
    fs::create_directory(location);
    CHECK(run_until([&] { return modes.back().first == WatchMode::inotify && !reports.empty(); }));
    reports.clear();
    write_file(file("a.prox"), "1");
    CHECK(reported(shown("a.prox")));
}

TEST_CASE_METHOD(WatchFixture, "a directory that takes the place of another one is watched instead") {
    fs::create_directory(top / "next");
    start();
    fs::rename(location, top / "before");
    fs::rename(top / "next", location);
    CHECK(reports_something());
    reports.clear();
    write_file(top / "before/a.prox", "1");
    write_file(file("b.prox"), "1");
    CHECK(reported(shown("b.prox")));
    for (const auto& report : reports) CHECK_FALSE(contains(report.touched, shown("a.prox")));
}

TEST_CASE_METHOD(WatchFixture, "a directory that is missing with its parents is found as soon as it comes") {
    start({.directories = {location + "/deep/er"}, .look_interval = never});
    CHECK(modes.back() == std::pair{WatchMode::poll, location + "/deep/er: No such file or directory"});
    fs::create_directory(file("deep"));
    CHECK(reports_something());
    CHECK(modes.back().first == WatchMode::poll);
    fs::create_directory(file("deep/er"));
    CHECK(run_until([&] { return modes.back().first == WatchMode::inotify; }));
    reports.clear();
    write_file(file("deep/er/a.prox"), "1");
    CHECK(reported(shown("deep/er/a.prox")));
}

TEST_CASE_METHOD(WatchFixture, "a location behind links is followed when one of them is set anew") {
    fs::create_directories(top / "v1/routes");
    fs::create_directories(top / "v2/routes");
    fs::create_directory_symlink("v1", top / "current");
    fs::remove(location);
    fs::create_directory_symlink("current/routes", location);
    start();
    fs::create_directory_symlink("v2", top / "current.new");
    fs::rename(top / "current.new", top / "current");
    CHECK(reports_something());
    reports.clear();
    write_file(top / "v2/routes/a.prox", "1");
    CHECK(reported(shown("a.prox")));
}

TEST_CASE_METHOD(WatchFixture, "two locations may be one directory, and one may be the way to another") {
    fs::create_directory_symlink(location, top / "alias");
    const std::string alias = (top / "alias").string();
    start({.directories = {location, alias, location + "/team"}, .look_interval = never});
    write_file(file("a.prox"), "1");
    CHECK(reported(shown("a.prox")));
    CHECK(contains(reports.back().touched, alias + "/a.prox"));
    fs::create_directory(file("team"));
    CHECK(run_until([&] { return modes.back().first == WatchMode::inotify; }));
}
