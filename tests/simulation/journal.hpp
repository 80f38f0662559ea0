// SPDX-License-Identifier: MIT
// What happened last in a run, to be told when something is wrong; and what is wrong.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "net/address.hpp"
#include "simulation/timeline.hpp"

namespace dproxy::simulation {

class Journal {
public:
    static constexpr std::size_t kept = 60;

    Journal(const Timeline& timeline, bool aloud) : timeline_(timeline), aloud_(aloud) {}

    /// As printf. One line, cut where it is too long. Written out at once where the run is told aloud.
    template <typename... Values>
    void note(const char* format, Values... values) {
        Line& line = lines_[next_++ % kept];
        line.when = timeline_.now();
        line.what = nullptr;
        std::snprintf(line.text.data(), line.text.size(), format, values...);
        if (aloud_) print(line);
    }
    void note(const char* text) { note("%s", text); }

    /// What happens by the thousand: written out only where it is told. `what` lives for ever.
    void event(const char* what, std::uint64_t number, const net::Endpoint& with, int value = 0) {
        Line& line = lines_[next_++ % kept];
        line.when = timeline_.now();
        line.what = what;
        line.number = number;
        line.with = with;
        line.value = value;
        if (aloud_) print(line);
    }

    /// The first one is kept: what follows may come of it.
    void violate(const std::string& what) {
        if (violation_.empty()) violation_ = what;
        note("WRONG: %s", what.c_str());
    }
    bool is_violated() const { return !violation_.empty(); }
    const std::string& violation() const { return violation_; }

    void print_last() const {
        if (aloud_) return;
        for (std::size_t i = next_ > kept ? next_ - kept : 0; i < next_; ++i) print(lines_[i % kept]);
    }

private:
    struct Line {
        std::uint64_t when = 0;
        std::array<char, 200> text{};
        const char* what = nullptr;  ///< of an event; null: `text` holds it
        std::uint64_t number = 0;
        net::Endpoint with;
        int value = 0;
    };
    static void print(const Line& line) {
        std::printf("  %12.6f  ", static_cast<double>(line.when - 1'000 * second) / static_cast<double>(second));
        if (!line.what) {
            std::printf("%s\n", line.text.data());
        } else {
            std::printf("%s #%llu, %s, %d\n", line.what, static_cast<unsigned long long>(line.number),
                        line.with.to_string().c_str(), line.value);
        }
    }

    const Timeline& timeline_;
    const bool aloud_;
    std::array<Line, kept> lines_;
    std::size_t next_ = 0;
    std::string violation_;
};

}  // namespace dproxy::simulation
