// SPDX-License-Identifier: MIT
// The watch with real directories, a real event loop and real inotify. A test waits for a report that says
// what it is after; time decides nothing but when to give up.
#include "io/directory_watch.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <functional>

#include "catch.hpp"
#include "config_directory.hpp"
#include "io/fd.hpp"

using namespace dproxy;
using namespace dproxy::test;
using io::WatchMode;
using io::WatchReport;
using std::chrono::milliseconds;

namespace {

constexpr std::chrono::seconds give_up{10};
constexpr std::chrono::hours never{1};

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

struct WatchFixture {
    TemporaryDirectory top;
    std::string location = (top / "upstream").string();
    boost::asio::io_context context;
    std::vector<WatchReport> reports;
    std::vector<std::pair<WatchMode, std::string>> modes;
    std::unique_ptr<io::DirectoryWatch> watch;

    WatchFixture() { fs::create_directory(location); }

    fs::path file(const std::string& name) const { return fs::path(location) / name; }
    std::string shown(const std::string& name) const { return location + "/" + name; }

    void start(io::WatchOptions options) {
        if (options.directories.empty()) options.directories = {location};
        watch = std::make_unique<io::DirectoryWatch>(
            context, std::move(options),
            io::WatchEvents{[this](const WatchReport& report) { reports.push_back(report); },
                            [this](WatchMode mode, const std::string& reason) { modes.emplace_back(mode, reason); }});
        watch->start();
    }
    /// By events alone.
    void start() {
        start({.directories = {}, .look_interval = never});
        REQUIRE(modes.size() == 1);
        REQUIRE(modes[0].first == WatchMode::inotify);
    }
    bool run_until(const std::function<bool()>& done) {
        const auto end = std::chrono::steady_clock::now() + give_up;
        while (!done() && std::chrono::steady_clock::now() < end) context.run_one_until(end);
        return done();
    }
    bool reported(const std::string& name) {
        return run_until([&] {
            return std::any_of(reports.begin(), reports.end(), [&](const WatchReport& report) {
                return report.everything || contains(report.touched, name);
            });
        });
    }
    bool reports_something() {
        return run_until([&] { return !reports.empty(); });
    }
    /// Until a report after which nobody writes any more.
    bool reports_closed(const std::string& name) {
        return run_until([&] {
            return !reports.empty() && contains(reports.back().touched, name) && reports.back().open.empty();
        });
    }
};

}  // namespace

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

TEST_CASE_METHOD(WatchFixture, "SIGHUP: a report at once, of everything") {
    start();
    watch->trigger_now();
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].everything);
}

TEST_CASE_METHOD(WatchFixture, "a look that was asked for comes without an event") {
    start();
    watch->look_at(std::chrono::steady_clock::now());
    CHECK(reports_something());
    CHECK_FALSE(reports[0].everything);
    CHECK(reports[0].touched.empty());
}

TEST_CASE_METHOD(WatchFixture, "with inotify, a look is taken now and then all the same") {
    start({.directories = {}, .look_interval = milliseconds(1), .checks_per_look = 3});
    CHECK(run_until([&] { return reports.size() >= 2; }));
    CHECK_FALSE(reports.back().unwatched);
    CHECK(modes.size() == 1);
}

TEST_CASE_METHOD(WatchFixture, "where there is no inotify, the directories are looked at, until there is one again") {
    bool available = false;
    auto calls = io::InotifyCalls::real();
    auto real = calls.create;
    const int error = GENERATE(EMFILE, ENOSYS, ENOMEM);
    calls.create = [&available, real, error] {
        if (available) return real();
        errno = error;
        return -1;
    };
    start({.directories = {}, .look_interval = milliseconds(5), .calls = calls});
    REQUIRE(modes.size() == 1);
    CHECK(modes[0].first == WatchMode::poll);
    CHECK(modes[0].second.find("inotify_init: ") == 0);
    CHECK((modes[0].second.find("fs.inotify.max_user_instances") != std::string::npos) == (error == EMFILE));
    CHECK(run_until([&] { return reports.size() >= 3; }));
    for (const auto& report : reports) CHECK(report.unwatched);
    CHECK(modes.size() == 1);  // said once

    available = true;
    CHECK(run_until([&] { return modes.back().first == WatchMode::inotify; }));
    CHECK(modes.back().second.empty());
    reports.clear();
    write_file(file("a.prox"), "1");
    CHECK(reported(shown("a.prox")));
}

TEST_CASE_METHOD(WatchFixture, "where no more watches are left, the directories are looked at") {
    bool available = false;
    auto calls = io::InotifyCalls::real();
    auto real = calls.add;
    calls.add = [&available, real](int fd, const char* path, std::uint32_t mask) {
        if (available) return real(fd, path, mask);
        errno = ENOSPC;
        return -1;
    };
    start({.directories = {}, .look_interval = milliseconds(5), .calls = calls});
    CHECK(modes.back().first == WatchMode::poll);
    CHECK(modes.back().second.find("fs.inotify.max_user_watches") != std::string::npos);
    CHECK(run_until([&] { return reports.size() >= 2 && reports.back().unwatched; }));
    available = true;
    CHECK(run_until([&] { return modes.back().first == WatchMode::inotify; }));
}

TEST_CASE_METHOD(WatchFixture, "losing the watches while it runs is a change of mode, and a look at everything") {
    bool full = false;
    auto calls = io::InotifyCalls::real();
    auto real = calls.add;
    calls.add = [&full, real](int fd, const char* path, std::uint32_t mask) {
        if (!full) return real(fd, path, mask);
        errno = ENOSPC;
        return -1;
    };
    start({.directories = {}, .look_interval = never, .calls = calls});
    CHECK(modes.back().first == WatchMode::inotify);
    full = true;
    write_file(file("a.prox"), "1");
    CHECK(run_until([&] { return !reports.empty(); }));
    CHECK(modes.back().first == WatchMode::poll);
    CHECK(reports.back().everything);
}

TEST_CASE_METHOD(WatchFixture, "an overflow of the queue is everything, a mode of its own, and passes") {
    // A stand-in for the instance: what the test writes into a pipe is what the kernel says.
    int pipe[2];
    REQUIRE(::pipe2(pipe, O_NONBLOCK | O_CLOEXEC) == 0);
    io::Fd kernel(pipe[1]);
    int instances = 0;
    auto calls = io::InotifyCalls::real();
    auto real_create = calls.create;
    auto real_add = calls.add;
    calls.create = [&, real_create] { return instances++ == 0 ? pipe[0] : real_create(); };
    calls.add = [&, real_add](int fd, const char* path, std::uint32_t mask) {
        return instances == 1 ? 1 : real_add(fd, path, mask);
    };
    start({.directories = {}, .look_interval = milliseconds(5), .checks_per_look = 1'000'000, .calls = calls});
    CHECK(modes.back().first == WatchMode::inotify);
    inotify_event overflow{};
    overflow.wd = -1;
    overflow.mask = IN_Q_OVERFLOW;
    REQUIRE(::write(kernel.get(), &overflow, sizeof overflow) == sizeof overflow);
    CHECK(run_until([&] { return modes.size() == 3; }));
    CHECK(modes[1].first == WatchMode::poll);
    CHECK(modes[1].second.find("overflowed") != std::string::npos);
    CHECK(modes[2].first == WatchMode::inotify);
    CHECK(run_until([&] {
        return std::any_of(reports.begin(), reports.end(), [](const WatchReport& report) { return report.everything; });
    }));
    reports.clear();
    write_file(file("a.prox"), "1");
    CHECK(reported(shown("a.prox")));
}

TEST_CASE_METHOD(WatchFixture, "the watch may end inside its own call, and nothing comes after it") {
    int calls = 0;
    watch = std::make_unique<io::DirectoryWatch>(
        context, io::WatchOptions{.directories = {location}},
        io::WatchEvents{[&](const WatchReport&) {
                            ++calls;
                            watch.reset();
                        },
                        {}});
    watch->start();
    write_file(file("a.prox"), "1");
    CHECK(run_until([&] { return calls == 1; }));
    write_file(file("b.prox"), "1");
    context.run();  // ends: nothing is waited for any more
    CHECK(calls == 1);
}
