// SPDX-License-Identifier: MIT
#include "cache/answer_index.hpp"

namespace dproxy::cache {

std::uint64_t AnswerIndex::pack(const Slot& slot) {
    return std::uint64_t{slot.position} | std::uint64_t{slot.ring + 1u} << ring_shift |
           std::uint64_t{slot.tag} << tag_shift | std::uint64_t{slot.credit} << credit_shift |
           std::uint64_t{slot.hits} << hits_shift;
}

Slot AnswerIndex::unpack(std::uint64_t word) {
    Slot slot;
    slot.position = static_cast<std::uint32_t>(word);
    slot.ring = static_cast<std::uint16_t>(((word >> ring_shift) & 0xfff) - 1);
    slot.tag = static_cast<std::uint16_t>((word & tag_mask) >> tag_shift);
    slot.credit = static_cast<std::uint8_t>((word >> credit_shift) & 3);
    slot.hits = static_cast<std::uint8_t>(word >> hits_shift);
    return slot;
}

bool AnswerIndex::exchange(std::size_t number, const Slot& from, std::uint64_t to) const {
    std::uint64_t expected = pack(from);
    return slot(number).compare_exchange_strong(expected, to, std::memory_order_seq_cst, std::memory_order_relaxed);
}

void AnswerIndex::count_hit(std::size_t number, const Slot& as_seen) {
    Slot more = as_seen;
    if (more.credit < Slot::max_credit) ++more.credit;
    if (more.hits < Slot::max_hits) ++more.hits;
    if (more.credit == as_seen.credit && more.hits == as_seen.hits) return;
    exchange(number, as_seen, pack(more));
}

bool AnswerIndex::put(std::uint64_t hash, std::uint16_t ring, std::uint32_t position, const Instead* instead) {
    Slot made;
    made.position = position;
    made.ring = ring;
    made.tag = static_cast<std::uint16_t>(tag_bits(hash) >> tag_shift);
    if (instead != nullptr) {
        made.credit = instead->as_seen.credit;  // what is refreshed is no newcomer
        return exchange(instead->number, instead->as_seen, pack(made));
    }
    std::size_t least = buckets(hash).front();
    std::uint64_t least_word = slot(least).load(std::memory_order_relaxed);
    for (const std::size_t begin : buckets(hash)) {
        for (std::size_t number = begin; number < begin + ways && least_word != 0; ++number) {
            const std::uint64_t word = slot(number).load(std::memory_order_relaxed);
            if (word != 0 && unpack(word).credit >= unpack(least_word).credit) continue;
            least = number;
            least_word = word;
        }
    }
    return slot(least).compare_exchange_strong(least_word, pack(made), std::memory_order_seq_cst,
                                               std::memory_order_relaxed);
}

bool AnswerIndex::move(std::size_t number, const Slot& as_seen, std::uint16_t ring, std::uint32_t position,
                       std::uint8_t credit) {
    Slot moved = as_seen;
    moved.ring = ring;
    moved.position = position;
    moved.credit = credit;
    return exchange(number, as_seen, pack(moved));
}

bool AnswerIndex::remove(std::size_t number, const Slot& as_seen) { return exchange(number, as_seen, 0); }

bool AnswerIndex::read(std::size_t number, Slot& out) const {
    const std::uint64_t word = slot(number).load(std::memory_order_seq_cst);
    if (word != 0) out = unpack(word);
    return word != 0;
}

}  // namespace dproxy::cache
