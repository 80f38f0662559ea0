// SPDX-License-Identifier: MIT
// Held by tests/integration/test_top.py.
#include "cli/terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

namespace dproxy::cli {

namespace {

constexpr char ctrl_c = 3, ctrl_d = 4;
// ECMA-48: the other screen and back, the cursor hidden and shown; home, the end of a line and of the screen cleared.
constexpr std::string_view enter = "\x1b[?1049h\x1b[?25l", leave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view home = "\x1b[H", clear_line = "\x1b[K", clear_rest = "\x1b[J";

void write_all(std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(STDOUT_FILENO, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;  // it is gone, which the next read tells
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

}  // namespace

bool is_at_terminal() {
    const char* name = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): there is one thread
    const bool can_draw = name != nullptr && *name != '\0' && std::string_view(name) != "dumb";
    return can_draw && ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
}

Terminal::Terminal() {
    sigset_t taken;
    sigemptyset(&taken);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&taken, signal);
    ::sigprocmask(SIG_BLOCK, &taken, nullptr);
    signals_ = io::Fd(::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
    ::tcgetattr(STDIN_FILENO, &before_);
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    write_all(enter);
}

Terminal::~Terminal() {
    write_all(leave);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

Terminal::Size Terminal::size() const {
    winsize found{};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) == 0 && found.ws_col > 0 && found.ws_row > 0;
    return known ? Size{found.ws_col, found.ws_row} : Size{80, 24};
}

void Terminal::show(std::string_view lines) {
    std::string text(home);
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n');
        text += lines.substr(0, end);
        text += clear_line;
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
        if (!lines.empty()) text += "\r\n";  // not behind the last: it would move all up
    }
    write_all(text += clear_rest);
}

Terminal::Happened Terminal::wait(std::chrono::milliseconds patience) {
    std::array<pollfd, 2> watched{{{STDIN_FILENO, POLLIN, 0}, {signals_.get(), POLLIN, 0}}};
    const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(patience.count()));
    if (ready <= 0) return {};
    return watched[1].revents != 0 ? read_signal() : read_key();
}

Terminal::Happened Terminal::read_signal() {
    signalfd_siginfo came{};
    if (::read(signals_.get(), &came, sizeof came) != sizeof came) return {};
    return {came.ssi_signo == SIGWINCH ? Event::resized : Event::ended, 0};
}

Terminal::Happened Terminal::read_key() {
    char key = 0;
    if (::read(STDIN_FILENO, &key, 1) != 1 || key == ctrl_c || key == ctrl_d) return {Event::ended, 0};
    return {Event::key, key};
}

}  // namespace dproxy::cli
