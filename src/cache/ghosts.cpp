// SPDX-License-Identifier: MIT
#include "cache/ghosts.hpp"

namespace dproxy::cache {

void Ghosts::add(std::uint64_t hash) {
    if (++added_ % in_a_turn_ == 0) turn_ = (turn_ + 1) % turns;
    const std::span<std::uint32_t> words = bucket(hash);
    std::uint32_t* place = words.data();
    for (std::uint32_t& word : words) {
        if (word == 0 || age(word) > age(*place)) place = &word;
        if (word == 0) break;
    }
    *place = turn_ << mark_bits | mark(hash);
}

bool Ghosts::take(std::uint64_t hash) {
    for (std::uint32_t& word : bucket(hash)) {
        if (word == 0 || age(word) > remembered_turns || word % (1u << mark_bits) != mark(hash)) continue;
        word = 0;
        return true;
    }
    return false;
}

}  // namespace dproxy::cache
