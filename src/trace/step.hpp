// SPDX-License-Identifier: MIT
// One step of a traced query, and how it lies in a ring: facts of a fixed size, behind them what it says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace dproxy::trace {

enum class Kind : std::uint8_t {
    asked,     ///< by a client
    routed,    ///< by which pattern, and what lost
    memory,    ///< what is kept for it, or asked for others already
    chosen,    ///< an upstream
    sent,
    reply,
    failed,    ///< an attempt
    overdue,   ///< an attempt has run out of time
    kept,      ///< a reply, while a better one is hoped for
    answered,  ///< the client
};

std::string_view name_of(Kind kind);

/// A view: what it points to is the caller's, or the ring's. Times are those of the monotonic clock.
struct Step {
    std::uint64_t at_ns = 0;
    std::uint64_t asked_ns = 0;  ///< when the query came
    std::uint32_t trace = 0;     ///< Order::serial
    std::uint32_t query = 0;     ///< which one of the worker's in this trace, from 0
    Kind kind = Kind::asked;
    std::string_view text;       ///< printable
};

/// What it takes in a ring, its text cut to step_text_bytes.
std::size_t bytes_of(const Step& step);
/// `out` has bytes_of(step) bytes.
void write(const Step& step, std::span<std::uint8_t> out);
/// What write() made; it points into `bytes`.
Step read(std::span<const std::uint8_t> bytes);

}  // namespace dproxy::trace
