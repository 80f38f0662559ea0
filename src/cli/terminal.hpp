// SPDX-License-Identifier: MIT
// The terminal that a person sits at: a screen to be drawn again and again, and keys. It is as it was before once it
// is left.
#pragma once

#include <termios.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "io/fd.hpp"

namespace dproxy::cli {

/// Whether there is one on both sides, that can be drawn on; else what is written is for a file or a program.
bool is_at_terminal();

/// One thread, which has no others beside it: signals that end a program are taken by wait() from here on.
class Terminal {
public:
    Terminal();
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    struct Size {
        std::size_t width, height;
    };
    Size size() const;
    /// In place of what is there.
    void show(std::string_view lines);

    enum class Event : std::uint8_t { time_over, key, resized, ended };
    struct Happened {
        Event event = Event::time_over;
        char key = 0;  ///< of `key`
    };
    /// `ended`: by a signal, Ctrl-C or the end of the input.
    Happened wait(std::chrono::milliseconds patience);

private:
    Happened read_key();
    Happened read_signal();

    termios before_{};
    io::Fd signals_;
};

}  // namespace dproxy::cli
