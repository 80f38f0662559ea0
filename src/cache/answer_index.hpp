// SPDX-License-Identifier: MIT
// Where answers lie, by the hash of their question: one table for all threads, of single words that are changed by
// compare and exchange, none of which is ever waited for. What is lost in a race is an answer that is asked for again.
// Changes and read() are in one order with all else that is so (seq_cst): see AnswerMemory::forget().
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace dproxy::cache {

/// Where one answer lies, and how often it was asked for. One word.
struct Slot {
    std::uint32_t position = 0;  ///< the lower bits
    std::uint16_t ring = 0;      ///< 12 bits
    std::uint16_t tag = 0;       ///< 10 bits of the hash
    std::uint8_t credit = 0;     ///< 2 bits: askings that speak for its staying
    std::uint8_t hits = 0;       ///< askings since it was kept, as far as they can be counted

    static constexpr std::uint16_t max_rings = 4095;  ///< the word of ring 0 must not be 0
    static constexpr std::uint8_t max_credit = 3;
    static constexpr std::uint8_t max_hits = 255;

    bool is_at(std::uint16_t of_ring, std::uint32_t at) const { return ring == of_ring && position == at; }
};

/// Any thread, but for its making.
class AnswerIndex {
public:
    static constexpr std::size_t ways = 8;  ///< slots of a bucket, in one line of the processor's cache
    static constexpr std::size_t bytes_of(std::size_t slots) { return slots * sizeof(std::uint64_t); }

    /// `memory`: zeroed, whole buckets, at least one, kept by the caller.
    explicit AnswerIndex(std::span<std::uint64_t> memory)
        : memory_(memory), buckets_(memory.size() / ways) {}

    /// Each slot that may be the hash's: is called with it and its number, until it returns true. False: it never did.
    template <typename Try>
    bool find(std::uint64_t hash, const Try& attempt) const {
        const std::uint64_t tag = tag_bits(hash);
        for (const std::size_t begin : buckets(hash)) {
            for (std::size_t number = begin; number < begin + ways; ++number) {
                const std::uint64_t word = slot(number).load(std::memory_order_acquire);
                if (word != 0 && (word & tag_mask) == tag && attempt(unpack(word), number)) return true;
            }
        }
        return false;
    }
    /// One asking more. Nothing where the slot is another's by now, or has counted all it can.
    void count_hit(std::size_t number, const Slot& as_seen);
    /// Puts one in, in place of the one numbered `instead` where that is as it was seen; else where there is room, and
    /// where there is none, in place of one that has least credit. False: another thread was quicker.
    struct Instead {
        std::size_t number = 0;
        Slot as_seen;
    };
    bool put(std::uint64_t hash, std::uint16_t ring, std::uint32_t position, const Instead* instead);
    /// It lies elsewhere from now on, with that much credit and its hits.
    bool move(std::size_t number, const Slot& as_seen, std::uint16_t ring, std::uint32_t position, std::uint8_t credit);
    bool remove(std::size_t number, const Slot& as_seen);

    std::size_t slots() const { return memory_.size(); }
    /// Empty: nothing is there.
    bool read(std::size_t number, Slot& out) const;

private:
    // From the lowest bit: position 32, ring + 1 12, tag 10, credit 2, hits 8.
    static constexpr unsigned ring_shift = 32, tag_shift = 44, credit_shift = 54, hits_shift = 56;
    static constexpr std::uint64_t tag_mask = std::uint64_t{0x3ff} << tag_shift;

    static std::uint64_t pack(const Slot& slot);
    static Slot unpack(std::uint64_t word);
    static std::uint64_t tag_bits(std::uint64_t hash) { return (hash >> 54) << tag_shift; }
    /// Where it may stand: the second has what the first has no room for. By other bits of the hash than the tag's.
    std::array<std::size_t, 2> buckets(std::uint64_t hash) const { return {bucket(hash), bucket(hash >> 22)}; }
    std::size_t bucket(std::uint64_t bits) const {
        return static_cast<std::size_t>((bits & 0xffff'ffff) * buckets_ >> 32) * ways;
    }
    std::atomic_ref<std::uint64_t> slot(std::size_t number) const {
        return std::atomic_ref<std::uint64_t>(memory_[number]);
    }
    bool exchange(std::size_t number, const Slot& from, std::uint64_t to) const;

    std::span<std::uint64_t> memory_;
    std::uint64_t buckets_;
};

}  // namespace dproxy::cache
