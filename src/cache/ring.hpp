// SPDX-License-Identifier: MIT
// Memory that one thread writes round and round, and that all read without a lock. Records lie in the order they came;
// the oldest go first. A reader copies, and finds out afterwards whether the writer has begun to overwrite what it
// copied: where the record is still behind the tail, it has not (a sequence lock whose number is the tail).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace dproxy::cache {

/// Where a record begins: how many units were ever written before it.
using Position = std::uint64_t;
using Word = std::uint64_t;

inline constexpr std::size_t unit_bytes = 16;
inline constexpr std::size_t words_per_unit = unit_bytes / sizeof(Word);

class Ring {
public:
    /// Of one record.
    static constexpr std::size_t most_units = 0x7fff;

    /// `memory`: a whole number of units, zeroed, kept by the caller. At most 2^31 units.
    explicit Ring(std::span<Word> memory) : memory_(memory), units_(memory.size() / words_per_unit) {}

    std::size_t units() const { return units_; }

    // The writer's thread.

    Position head() const { return head_; }
    bool empty() const { return tail() == head_; }
    /// What records take, with what fills the end of the memory.
    std::size_t used_units() const { return static_cast<std::size_t>(head_ - tail()); }
    /// A record of so many units could be appended.
    bool has_room(std::size_t units) const;
    /// Copies the record, whose first word begins with its length in units (16 bits). There is room.
    Position append(std::span<const Word> record);
    /// Of the oldest record, which there is; what only fills the end of the memory is passed over.
    Position oldest();
    /// The first words of the record there, by the writer alone.
    void read_own(Position position, std::span<Word> out) const;
    std::size_t units_at(Position position) const;
    /// The oldest record is no more. Whoever still reads it finds out.
    void drop_oldest();

    // Any thread.

    /// Copies words of the record, from the one numbered `from` on. What was copied counts only where holds() says so
    /// afterwards.
    void read(Position position, std::size_t from, std::span<Word> out) const;
    bool holds(Position position) const { return position >= tail_.load(std::memory_order_acquire); }
    /// Of the record whose position has these lower 32 bits; nothing where it is gone.
    std::optional<Position> position_of(std::uint32_t lower) const;

private:
    Position tail() const { return tail_.load(std::memory_order_relaxed); }
    std::atomic_ref<Word> word(Position position, std::size_t at) const {
        return std::atomic_ref<Word>(memory_[static_cast<std::size_t>(position % units_) * words_per_unit + at]);
    }
    void fill_up();
    void pass_filler();

    std::span<Word> memory_;
    std::size_t units_;
    Position head_ = 0;
    std::atomic<Position> tail_{0};
};

}  // namespace dproxy::cache
