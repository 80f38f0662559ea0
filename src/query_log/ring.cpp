// SPDX-License-Identifier: MIT
#include "query_log/ring.hpp"

#include <bit>
#include <cassert>

namespace dproxy::query_log {

Ring::Ring(std::size_t bytes) : memory_(new Word[bytes / sizeof(Word)]), mask_(bytes - 1) {
    assert(std::has_single_bit(bytes) && bytes >= 2 * sizeof(Word));
}

std::span<std::uint8_t> Ring::begin(std::size_t bytes) {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    const std::size_t left = left_to_the_end(head);
    const std::size_t needed = room_of(bytes);
    begun_ = needed <= left ? head : head + left;
    const std::uint64_t end = begun_ + needed;
    if (end - tail_seen_ > mask_ + 1) {
        tail_seen_ = tail_.load(std::memory_order_acquire);
        if (end - tail_seen_ > mask_ + 1) return {};
    }
    if (begun_ != head) word(head) = to_the_end;
    word(begun_) = bytes;
    return {reinterpret_cast<std::uint8_t*>(&word(begun_) + 1), bytes};
}

void Ring::commit() {
    head_.store(begun_ + room_of(static_cast<std::size_t>(word(begun_))), std::memory_order_release);
}

std::span<const std::uint8_t> Ring::front() {
    std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_seen_) {
        head_seen_ = head_.load(std::memory_order_acquire);
        if (tail == head_seen_) return {};
    }
    if (word(tail) == to_the_end) {
        tail += left_to_the_end(tail);
        tail_.store(tail, std::memory_order_release);
    }
    return {reinterpret_cast<const std::uint8_t*>(&word(tail) + 1), static_cast<std::size_t>(word(tail))};
}

void Ring::pop() {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    tail_.store(tail + room_of(static_cast<std::size_t>(word(tail))), std::memory_order_release);
}

}  // namespace dproxy::query_log
