// SPDX-License-Identifier: MIT
// Tells when something changed in some directories: with one inotify instance, or, where that
// cannot be, with a look every two seconds. Events are hints: the listener reads and compares. Lives on one
// io_context and its thread, like all its calls.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace dproxy::io {

enum class WatchMode : std::uint8_t { inotify, poll };

/// What may have changed. Names are `directory/name`, the directory as given, without slashes at its end.
struct WatchReport {
    bool everything = false;  ///< events were lost or too many, or somebody asked: any file may have changed
    bool unwatched = false;   ///< there were no events: which files are being written is not known
    std::vector<std::string> touched{};
    std::vector<std::string> open{};  ///< modified and not closed yet
};

/// The system calls that fail where a limit is reached, so that tests can make them fail. Both as in inotify(7).
struct InotifyCalls {
    std::function<int()> create;
    std::function<int(int fd, const char* path, std::uint32_t mask)> add;
    static InotifyCalls real();
};

struct WatchOptions {
    std::vector<std::string> directories;
    std::string extension = ".prox";  ///< of files; where one is a link, what it leads to is watched
    /// Between two looks without inotify; with it, between two checks that the right directories are watched
    /// (a mount over one of them sends no event).
    std::chrono::milliseconds look_interval{2000};
    /// With inotify, one look in so many checks: on some file systems others write without an event.
    unsigned checks_per_look = 15;
    InotifyCalls calls = InotifyCalls::real();
};

struct WatchEvents {
    /// Watches stand already when it is called: what changes from now on is reported again.
    std::function<void(const WatchReport&)> changed;
    /// Once at the start, and whenever the mode or the reason for it changes. The reason is empty for inotify.
    std::function<void(WatchMode mode, const std::string& reason)> mode_changed;
};

class DirectoryWatch {
public:
    DirectoryWatch(boost::asio::io_context& context, WatchOptions options, WatchEvents events);
    /// May run inside a call of an event; no call comes after it.
    ~DirectoryWatch();
    DirectoryWatch(const DirectoryWatch&) = delete;
    DirectoryWatch& operator=(const DirectoryWatch&) = delete;

    /// To be called before the directories are read for the first time, so that no change is lost between.
    void start();
    /// A report at once, inside this call: SIGHUP.
    void trigger_now();
    /// A report at that time, whatever happens: for what the listener left for later.
    void look_at(std::chrono::steady_clock::time_point when);

private:
    class Watch;
    std::shared_ptr<Watch> watch_;
};

}  // namespace dproxy::io
