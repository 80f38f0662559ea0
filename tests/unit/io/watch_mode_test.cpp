// SPDX-License-Identifier: MIT
// Reports without events, limits, and what happens where inotify fails.
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>

#include "io/fd.hpp"
#include "watch_fixture.hpp"

using namespace dproxy;
using namespace dproxy::test;

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

TEST_CASE_METHOD(WatchFixture, "an instance that can be read no more is replaced") {
    int pipe[2];
    REQUIRE(::pipe2(pipe, O_NONBLOCK | O_CLOEXEC) == 0);
    int instances = 0;
    auto calls = io::InotifyCalls::real();
    calls.create = [&, real = calls.create] { return instances++ == 0 ? pipe[0] : real(); };
    calls.add = [&, real = calls.add](int fd, const char* path, std::uint32_t mask) {
        return instances == 1 ? 1 : real(fd, path, mask);
    };
    start({.directories = {}, .look_interval = milliseconds(5), .calls = calls});
    ::close(pipe[1]);
    CHECK(run_until([&] { return modes.size() == 3; }));
    CHECK(modes[1].first == WatchMode::poll);
    CHECK(modes[2].first == WatchMode::inotify);
}

TEST_CASE_METHOD(WatchFixture, "links that lead in a circle are no location") {
    fs::create_symlink("circle", top / "circle");
    start({.directories = {(top / "circle").string()}, .look_interval = never});
    CHECK(modes.back().first == WatchMode::poll);
    fs::remove(top / "circle");
    fs::create_directory(top / "circle");
    CHECK(run_until([&] { return modes.back().first == WatchMode::inotify; }));
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
