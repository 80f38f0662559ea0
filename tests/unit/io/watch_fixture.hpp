// SPDX-License-Identifier: MIT
// A directory watch with real directories, a real event loop and real inotify. A test waits for a report that
// says what it is after; time decides nothing but when to give up.
#pragma once

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "config_directory.hpp"
#include "io/directory_watch.hpp"

namespace dproxy::test {

using io::WatchMode;
using io::WatchReport;
using std::chrono::milliseconds;

inline constexpr std::chrono::seconds give_up{10};
inline constexpr std::chrono::hours never{1};

inline bool contains(const std::vector<std::string>& names, const std::string& name) {
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

}  // namespace dproxy::test
