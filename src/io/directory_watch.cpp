// SPDX-License-Identifier: MIT
#include "io/directory_watch.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "io/do_and_always.hpp"
#include "io/fd.hpp"
#include "io/quiet_time.hpp"
#include "io/readiness.hpp"
#include "io/touched_names.hpp"
#include "io/unfinished_file.hpp"
#include "io/watched_tree.hpp"

namespace dproxy::io {

namespace {

using TimePoint = std::chrono::steady_clock::time_point;
using Happened = TouchedNames::Happened;

constexpr std::size_t event_buffer_size = 64 * 1024;
/// To a file that a link leads to, told by its directory. One that is made anew is written next, and closed; a link,
/// and a file that has another name already, are complete as they come.
Happened happened_to_target(std::uint32_t mask, const std::string& target) {
    struct stat status {};
    const bool is_new = (mask & IN_CREATE) != 0 && ::lstat(target.c_str(), &status) == 0;
    return is_new && S_ISREG(status.st_mode) && status.st_nlink == 1 ? Happened::modified : Happened::settled;
}

/// Before a report, what has happened is read; a storm that goes on is not waited for.
constexpr int max_reads_before_report = 32;
/// After a report that could not be dealt with.
constexpr std::chrono::seconds retry_interval{1};

TimePoint now() {
    return std::chrono::steady_clock::now();
}

Happened happened(std::uint32_t mask) {
    if ((mask & (IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE)) != 0) return Happened::settled;
    if ((mask & IN_MODIFY) != 0) return Happened::modified;
    return (mask & IN_CREATE) != 0 ? Happened::created : Happened::other;
}

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const auto& part : parts) text += (text.empty() ? "" : "; ") + part;
    return text;
}

}  // namespace

InotifyCalls InotifyCalls::real() {
    return {[] { return ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC); },
            [](int fd, const char* path, std::uint32_t mask) { return ::inotify_add_watch(fd, path, mask); }};
}

class DirectoryWatch::Watch : public std::enable_shared_from_this<Watch> {
public:
    Watch(boost::asio::io_context& context, WatchOptions options, WatchEvents events)
        : context_(context),
          timer_(context),
          options_(std::move(options)),
          events_(std::move(events)),
          tree_(options_.directories, options_.extension, options_.calls.add) {}

    void start() {
        begin_inotify();
        next_check_ = now() + options_.look_interval;
        arm();
    }

    void stop() {
        stopped_ = true;
        inotify_.reset();
        timer_.cancel();
    }

    void trigger_now() {
        names_.note_everything();
        report(false);
    }

    void look_at(TimePoint when) {
        quiet_.ask(when);
        arm();
    }

private:
    /// An instance with all its watches, or poll mode.
    void begin_inotify() {
        if (!inotify_) {
            Fd fd(options_.calls.create());
            if (!fd) {
                const int error = errno;
                std::string reason = "inotify_init: " + std::generic_category().message(error);
                if (error == EMFILE) reason += " (see fs.inotify.max_user_instances)";
                return set_mode(WatchMode::poll, std::move(reason));
            }
            std::error_code error;
            auto readable = std::make_unique<Readiness>(context_, std::move(fd), [this] { on_readable(); }, error);
            if (error) return set_mode(WatchMode::poll, "epoll: " + error.message());
            inotify_ = std::move(readable);
        }
        update_watches();
    }

    /// True: other directories are watched than before.
    bool update_watches() {
        if (!inotify_) return false;
        const WatchedTree::Outcome outcome = tree_.update(inotify_->fd());
        if (!outcome.error.empty()) {
            end_inotify(outcome.error);
        } else if (!outcome.missing.empty()) {
            set_mode(WatchMode::poll, joined(outcome.missing));
        } else {
            set_mode(WatchMode::inotify, {});
        }
        return outcome.changed;
    }

    /// The instance goes, with its queue; the next check tries again.
    void end_inotify(const std::string& reason) {
        inotify_.reset();
        tree_.clear();
        names_.note_everything();
        names_.forget_open();
        quiet_.event(now());
        set_mode(WatchMode::poll, reason);
    }

    void set_mode(WatchMode mode, std::string reason) {
        if (mode_ == mode && reason_ == reason) return;
        mode_ = mode;
        reason_ = std::move(reason);
        if (events_.mode_changed && !stopped_) events_.mode_changed(mode, reason_);
    }

    void on_readable() {
        const auto self = shared_from_this();
        do_and_always([this] { read_events(); }, [this] { arm(); });
    }

    /// One buffer of events. False: there was none.
    bool read_events() {
        if (!inotify_) return false;
        const ssize_t got = ::read(inotify_->fd(), buffer_.data(), buffer_.size());
        if (got <= 0) {
            if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
            end_inotify("inotify: " + std::generic_category().message(got < 0 ? errno : EIO));
            return false;
        }
        for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(got);) {
            inotify_event event{};
            std::memcpy(&event, buffer_.data() + at, sizeof event);
            if ((event.mask & IN_Q_OVERFLOW) != 0) {
                end_inotify("the queue of inotify events overflowed (see fs.inotify.max_queued_events)");
                return false;
            }
            // The name is padded with zeros to `len` bytes.
            const char* name = event.len == 0 ? "" : buffer_.data() + at + sizeof event;
            take(event, {name, ::strnlen(name, event.len)});
            at += sizeof event + event.len;
        }
        return true;
    }

    void take(const inotify_event& event, std::string_view name) {
        const auto* subjects = tree_.subjects(event.wd);
        if (subjects == nullptr) return;
        constexpr std::uint32_t about_itself = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
        for (const auto& subject : *subjects) {
            if (!subject.shown.empty()) {
                if (subject.only == name) take_linked(event.mask, subject);
            } else if (name.empty() || (event.mask & about_itself) != 0) {
                quiet_.event(now());
            } else if (subject.only.empty()) {
                quiet_.event(now());
                const bool directory = (event.mask & IN_ISDIR) != 0;
                names_.note(subject.prefix + std::string(name), directory ? Happened::other : happened(event.mask));
            } else if (subject.only == name) {
                quiet_.event(now());
            }
        }
        if ((event.mask & IN_IGNORED) != 0) tree_.removed(event.wd);
    }

    /// What happened to a file that a link leads to counts as what happened to the link.
    void take_linked(std::uint32_t mask, const WatchedTree::Subject& subject) {
        quiet_.event(now());
        const bool is_gone = (mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0;
        const Happened what = !subject.only.empty() ? happened_to_target(mask, subject.target)
                              : is_gone           ? Happened::settled
                                                  : happened(mask);
        names_.note(subject.shown, what);
    }

    void report(bool unwatched) {
        const auto self = shared_from_this();
        // First the watches, then what they said so far: whatever happens later is in the next report.
        update_watches();
        for (int reads = 0; reads < max_reads_before_report && read_events(); ++reads) {
        }
        quiet_.answered();
        WatchReport report;
        report.unwatched = unwatched;
        report.everything = names_.everything();
        report.open = names_.open(is_unfinished_file);
        report.touched = names_.take();
        try {
            if (!stopped_ && events_.changed) events_.changed(report);
        } catch (...) {  // what it was about is not known to anybody now
            names_.note_everything();
            quiet_.ask(now() + retry_interval);
            arm();
            throw;
        }
        arm();
    }

    /// Whatever sends no event is found here: mounts, a limit that was raised.
    void check() {
        const bool was_blind = !inotify_;
        const bool was_polling = mode_ == WatchMode::poll;
        next_check_ = now() + options_.look_interval;
        bool look = was_polling;
        if (was_blind) {
            begin_inotify();
        } else {
            look = update_watches() || look;
        }
        if (++checks_ >= options_.checks_per_look) look = true;
        if (!look && mode_ == WatchMode::inotify) return;
        checks_ = 0;
        report(was_blind || !inotify_);
    }

    void arm() {
        if (stopped_) return;
        const TimePoint next = std::min(next_check_, quiet_.due().value_or(TimePoint::max()));
        // A timer that is early is cheap; one that is set anew for each event is not.
        if (armed_for_ && *armed_for_ <= next) return;
        armed_for_ = next;
        timer_.expires_at(next);
        timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
            if (!error && !self->stopped_) self->on_timer();
        });
    }

    void on_timer() {
        armed_for_.reset();
        const TimePoint time = now();
        const auto look = [&] {
            if (next_check_ <= time) check();
            const auto due = quiet_.due();
            if (!stopped_ && due && *due <= time) report(!inotify_);
        };
        do_and_always(look, [this] { arm(); });
    }

    boost::asio::io_context& context_;
    boost::asio::steady_timer timer_;
    WatchOptions options_;
    WatchEvents events_;
    WatchedTree tree_;
    TouchedNames names_;
    QuietTime quiet_;
    std::unique_ptr<Readiness> inotify_;
    std::optional<WatchMode> mode_;
    std::string reason_;
    TimePoint next_check_ = TimePoint::max();
    std::optional<TimePoint> armed_for_;
    unsigned checks_ = 0;
    bool stopped_ = false;
    std::array<char, event_buffer_size> buffer_{};
};

DirectoryWatch::DirectoryWatch(boost::asio::io_context& context, WatchOptions options, WatchEvents events)
    : watch_(std::make_shared<Watch>(context, std::move(options), std::move(events))) {}

DirectoryWatch::~DirectoryWatch() {
    watch_->stop();
}

void DirectoryWatch::start() {
    watch_->start();
}

void DirectoryWatch::trigger_now() {
    watch_->trigger_now();
}

void DirectoryWatch::look_at(TimePoint when) {
    watch_->look_at(when);
}

}  // namespace dproxy::io
