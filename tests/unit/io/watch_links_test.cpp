// SPDX-License-Identifier: MIT
// Route files and folders that are links to somewhere else: what happens there is reported as theirs. By events alone.
#include <fcntl.h>
#include <unistd.h>

#include "io/fd.hpp"
#include "io/watched_tree.hpp"
#include "watch_fixture.hpp"

using namespace dproxy;
using namespace dproxy::test;

namespace {

/// `location`/x.prox -> `elsewhere`/deep/file
struct LinkFixture : WatchFixture {
    fs::path elsewhere = top / "elsewhere";
    fs::path target = elsewhere / "deep" / "file";

    LinkFixture() {
        fs::create_directories(target.parent_path());
        write_file(target, "1");
        fs::create_symlink(target, file("x.prox"));
    }
    bool reported_link() { return reported(shown("x.prox")); }
    /// That something is to be looked at: who reads finds out what.
    bool reports_more() {
        const std::size_t before = reports.size();
        return run_until([&] { return reports.size() > before; });
    }
};

}  // namespace

TEST_CASE_METHOD(LinkFixture, "a file that a link leads to is reported as the link, however it changes") {
    start();
    for (int round = 0; round < 3; ++round) {
        INFO(round);
        reports.clear();
        write_file(target, "in place");
        CHECK(reported_link());
        reports.clear();
        save_by_rename(target, "by rename");
        CHECK(reported_link());
        reports.clear();
        fs::remove(target);
        CHECK(reported_link());
        reports.clear();
        write_file(target, "made anew");
        CHECK(reports_closed(shown("x.prox")));
    }
    reports.clear();
    fs::permissions(target, fs::perms::owner_read);
    CHECK(reports_something());
    CHECK(modes.size() == 1);
}

TEST_CASE_METHOD(LinkFixture, "a link that is set anew is followed to its new file") {
    write_file(elsewhere / "other", "1");
    start();
    fs::create_symlink(elsewhere / "other", file("x.new"));
    fs::rename(file("x.new"), file("x.prox"));
    CHECK(reported_link());
    reports.clear();
    write_file(elsewhere / "other", "2");
    CHECK(reported_link());
    reports.clear();
    write_file(target, "nobody's any more");
    write_file(elsewhere / "other", "3");
    CHECK(reported_link());
}

TEST_CASE_METHOD(LinkFixture, "each link of a chain, and each directory on its way, may be set anew") {
    fs::create_directories(elsewhere / "v1/a");
    fs::create_directories(elsewhere / "v2/a");
    write_file(elsewhere / "v1/a/file", "1");
    write_file(elsewhere / "v2/a/file", "2");
    fs::create_directory_symlink("v1", elsewhere / "current");
    fs::create_symlink("../elsewhere/./current/a/file", elsewhere / "second");
    fs::create_symlink("../elsewhere/second", file("y.prox"));
    start();
    SECTION("a link to a directory") {
        fs::create_directory_symlink("v2", elsewhere / "next");
        fs::rename(elsewhere / "next", elsewhere / "current");
        CHECK(reports_more());
        reports.clear();
        write_file(elsewhere / "v2/a/file", "3");
    }
    SECTION("a link to a file") {
        fs::create_symlink("v2/a/file", elsewhere / "next");
        fs::rename(elsewhere / "next", elsewhere / "second");
        CHECK(reports_more());
        reports.clear();
        write_file(elsewhere / "v2/a/file", "3");
    }
    SECTION("a directory") {
        fs::rename(elsewhere / "v1", elsewhere / "v0");
        CHECK(reports_more());
        fs::rename(elsewhere / "v2", elsewhere / "v1");
        CHECK(reports_more());
        reports.clear();
        write_file(elsewhere / "v1/a/file", "3");
    }
    SECTION("the directory of the file") {
        fs::rename(elsewhere / "v1/a", elsewhere / "v1/b");
        fs::rename(elsewhere / "v2/a", elsewhere / "v1/a");
        CHECK(reports_more());
        reports.clear();
        write_file(elsewhere / "v1/a/file", "3");
    }
    SECTION("all of it") {
        fs::rename(elsewhere, top / "gone");
        CHECK(reports_more());
        fs::create_directories(elsewhere);
        CHECK(reports_more());
        reports.clear();
        write_file(elsewhere / "second", "3");
    }
    CHECK(reported(shown("y.prox")));
}

TEST_CASE_METHOD(LinkFixture, "a link that led nowhere is reported when it leads to a file") {
    fs::remove_all(elsewhere);
    start();
    fs::create_directory(elsewhere);
    CHECK(reports_more());
    fs::create_directory(target.parent_path());
    CHECK(reports_more());
    reports.clear();
    write_file(target, "1");
    CHECK(reported_link());
}

TEST_CASE_METHOD(LinkFixture, "a linked file that is written and not closed is named as open") {
    start();
    SECTION("in place") {}
    SECTION("made anew") { fs::remove(target); }
    io::Fd writer(::open(target.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    REQUIRE(::write(writer.get(), "12", 2) == 2);
    CHECK(run_until([&] { return !reports.empty() && contains(reports.back().open, shown("x.prox")); }));
    writer.close();
    CHECK(reports_closed(shown("x.prox")));
}

TEST_CASE_METHOD(LinkFixture, "a subdirectory that is a link is followed as well") {
    fs::create_directories(elsewhere / "v1/team");
    fs::create_directories(elsewhere / "v2/team");
    fs::create_directory_symlink("v1", elsewhere / "current");
    fs::create_directory_symlink(elsewhere / "current/team", file("team"));
    start();
    write_file(elsewhere / "v1/team/a.prox", "1");
    CHECK(reported(shown("team/a.prox")));
    fs::create_directory_symlink("v2", elsewhere / "next");
    fs::rename(elsewhere / "next", elsewhere / "current");
    CHECK(reports_more());
    reports.clear();
    write_file(elsewhere / "v2/team/b.prox", "1");
    CHECK(reported(shown("team/b.prox")));
    reports.clear();
    fs::create_symlink(target, elsewhere / "v2/team/c.prox");
    CHECK(reported(shown("team/c.prox")));
    reports.clear();
    write_file(target, "2");
    CHECK(reported(shown("team/c.prox")));
}

TEST_CASE_METHOD(WatchFixture, "a directory on the way to a location may be another one") {
    fs::create_directories(top / "a/b/routes");
    fs::create_directories(top / "new/b/routes");
    const std::string routes = (top / "a/b/routes").string();
    start({.directories = {routes}, .look_interval = never});
    fs::rename(top / "a", top / "old");
    fs::rename(top / "new", top / "a");
    CHECK(reports_something());
    reports.clear();
    write_file(top / "a/b/routes/x.prox", "1");
    CHECK(reported(routes + "/x.prox"));
}

TEST_CASE_METHOD(WatchFixture, "the links beside ..data lead into it, and are not followed") {
    ConfigMapDirectory map(location);
    map.publish({{"a.prox", "0"}, {"b.prox", "0"}});
    std::vector<std::string> watched;
    auto calls = io::InotifyCalls::real();
    calls.add = [&, real = calls.add](int fd, const char* path, std::uint32_t mask) {
        watched.emplace_back(path);
        return real(fd, path, mask);
    };
    start({.directories = {location}, .look_interval = never, .calls = calls});
    for (const std::string& path : watched) CHECK(path.find(".prox") == path.npos);
    CHECK(contains(watched, location + "/..data"));
}

TEST_CASE_METHOD(LinkFixture, "more links than are followed are looked at") {
    for (std::size_t i = 0; i < io::max_linked_files; ++i) {
        fs::create_symlink(target, file("l" + std::to_string(i) + ".prox"));
    }
    start({.directories = {}, .look_interval = milliseconds(50)});
    CHECK(modes.back() == std::pair{WatchMode::poll, std::string("there are more than 1024 links to files elsewhere")});
    CHECK(run_until([&] { return reports.size() >= 2 && !reports.back().unwatched; }));
    fs::remove(file("l0.prox"));
    CHECK(run_until([&] { return modes.back().first == WatchMode::inotify; }));
}
