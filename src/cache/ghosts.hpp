// SPDX-License-Identifier: MIT
// What went lately without having been asked for again: by hash alone. Who comes back stays longer (S3-FIFO's ghost
// queue).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dproxy::cache {

/// One thread.
class Ghosts {
public:
    static constexpr std::size_t ways = 16;  ///< in one line of the processor's cache
    /// `memory`: zeroed, whole buckets, at least one, kept by the caller. Remembers three quarters as many as it has
    /// words: with more, buckets would be full of what is not old yet.
    explicit Ghosts(std::span<std::uint32_t> memory)
        : memory_(memory), buckets_(memory.size() / ways), in_a_turn_(memory.size() * 3 / 4 / remembered_turns + 1) {}

    void add(std::uint64_t hash);
    /// True where it is among them, and is no more.
    bool take(std::uint64_t hash);

private:
    // Each word: the turn when it was added (12 bits), and 20 bits of its hash. Turns begin again after `turns`. What
    // would seem young by then was overwritten, but for a few, and these only let an answer stay that was asked for
    // long ago.
    static constexpr unsigned mark_bits = 20;
    static constexpr std::uint32_t turns = 1u << (32 - mark_bits), remembered_turns = turns / 4;

    std::span<std::uint32_t> bucket(std::uint64_t hash) const {
        return memory_.subspan(static_cast<std::size_t>((hash & 0xffff'ffff) * buckets_ >> 32) * ways, ways);
    }
    /// Never 0, so that no word of a ghost is.
    static std::uint32_t mark(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> (64 - mark_bits)) | 1; }
    std::uint32_t age(std::uint32_t word) const { return (turn_ - (word >> mark_bits)) % turns; }

    std::span<std::uint32_t> memory_;
    std::uint64_t buckets_;
    std::uint64_t in_a_turn_;   ///< so many are added in one
    std::uint64_t added_ = 0;
    std::uint32_t turn_ = 0;
};

}  // namespace dproxy::cache
