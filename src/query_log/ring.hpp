// SPDX-License-Identifier: MIT
// Records on their way from one thread to one other, in memory of a fixed size. Neither waits for the other: where
// there is no room, the one that writes is told so. Nothing but loads and stores, no atomic read-modify-write.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace dproxy::query_log {

class Ring {
public:
    /// `bytes`: a power of two. A record of up to half of them always finds room once the ring is empty.
    explicit Ring(std::size_t bytes);

    // The thread that writes.

    /// Room for a record of that many bytes, which are not 0, aligned to 8; empty where there is none. Nobody sees the
    /// record before commit().
    std::span<std::uint8_t> begin(std::size_t bytes);
    /// The record that was begun last is whole.
    void commit();

    // The thread that reads.

    /// The oldest record, empty where there is none. It stays until pop().
    std::span<const std::uint8_t> front();
    void pop();

private:
    using Word = std::uint64_t;  ///< in front of each record, its length in bytes
    static constexpr Word to_the_end = ~Word{0};  ///< nothing here: the next record is at the memory's begin
    static constexpr std::size_t apart = 64;      ///< so that the two threads do not share a cache line

    /// With its length in front.
    static std::size_t room_of(std::size_t bytes) {
        return sizeof(Word) + (bytes + sizeof(Word) - 1) / sizeof(Word) * sizeof(Word);
    }
    Word& word(std::uint64_t position) { return memory_[(position & mask_) / sizeof(Word)]; }
    std::size_t left_to_the_end(std::uint64_t position) const { return mask_ + 1 - (position & mask_); }

    std::unique_ptr<Word[]> memory_;
    std::size_t mask_;

    // Positions count all bytes that were ever passed.
    alignas(apart) std::atomic<std::uint64_t> head_{0};  ///< up to where it is written
    std::uint64_t begun_ = 0;                            ///< the writer's: the record begun last
    std::uint64_t tail_seen_ = 0;                        ///< the writer's
    alignas(apart) std::atomic<std::uint64_t> tail_{0};  ///< up to where it is read
    std::uint64_t head_seen_ = 0;                        ///< the reader's
};

}  // namespace dproxy::query_log
