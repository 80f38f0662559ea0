// SPDX-License-Identifier: MIT
#include "cache/ring.hpp"

#include <cassert>

namespace dproxy::cache {

namespace {

constexpr Word filler = Ring::most_units + 1;  ///< in a first word: no record, but what fills the end

std::size_t length_in(Word first) { return static_cast<std::size_t>(first & (filler - 1)); }

}  // namespace

bool Ring::has_room(std::size_t units) const {
    const std::size_t to_end = units_ - static_cast<std::size_t>(head_ % units_);
    const std::size_t needed = units <= to_end ? units : to_end + units;
    return head_ - tail() + needed <= units_;
}

Position Ring::append(std::span<const Word> record) {
    const std::size_t units = record.size() / words_per_unit;
    assert(units > 0 && units <= most_units && record.size() % words_per_unit == 0 && has_room(units));
    if (units_ - static_cast<std::size_t>(head_ % units_) < units) fill_up();
    const Position position = head_;
    // Released, each: who reads one of these words sees the tail that was moved before they were written.
    for (std::size_t at = 0; at < record.size(); ++at) word(position, at).store(record[at], std::memory_order_release);
    head_ += units;
    return position;
}

void Ring::fill_up() {
    const std::size_t to_end = units_ - static_cast<std::size_t>(head_ % units_);
    word(head_, 0).store(filler | to_end, std::memory_order_release);
    head_ += to_end;
}

Position Ring::oldest() {
    pass_filler();
    assert(!empty());
    return tail();
}

void Ring::pass_filler() {
    const Word first = empty() ? 0 : word(tail(), 0).load(std::memory_order_relaxed);
    if ((first & filler) != 0) tail_.store(tail() + length_in(first), std::memory_order_relaxed);
}

void Ring::read_own(Position position, std::span<Word> out) const {
    for (std::size_t at = 0; at < out.size(); ++at) out[at] = word(position, at).load(std::memory_order_relaxed);
}

std::size_t Ring::units_at(Position position) const {
    return length_in(word(position, 0).load(std::memory_order_relaxed));
}

void Ring::drop_oldest() {
    const Position position = oldest();
    tail_.store(position + units_at(position), std::memory_order_relaxed);
    pass_filler();
}

void Ring::read(Position position, std::size_t from, std::span<Word> out) const {
    // Acquired, each: the tail that holds() looks at is not older than what is read here.
    for (std::size_t at = 0; at < out.size(); ++at) {
        out[at] = word(position, from + at).load(std::memory_order_acquire);
    }
}

std::optional<Position> Ring::position_of(std::uint32_t lower) const {
    const Position from = tail_.load(std::memory_order_acquire);
    const std::uint32_t ahead = lower - static_cast<std::uint32_t>(from);
    if (ahead >= units_) return std::nullopt;
    return from + ahead;
}

}  // namespace dproxy::cache
