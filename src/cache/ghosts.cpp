// SPDX-License-Identifier: MIT
#include "cache/ghosts.hpp"

namespace dproxy::cache {

void Ghosts::add(std::uint64_t hash) {
    ++added_;
    std::uint64_t* place = bucket(hash).data();
    for (std::uint64_t& word : bucket(hash)) {
        const bool is_older = added_ - static_cast<std::uint32_t>(word >> 32) >
                              added_ - static_cast<std::uint32_t>(*place >> 32);
        if (word == 0 || is_older) place = &word;
        if (word == 0) break;
    }
    *place = std::uint64_t{added_} << 32 | mark(hash);
}

bool Ghosts::take(std::uint64_t hash) {
    for (std::uint64_t& word : bucket(hash)) {
        if (!is_remembered(word) || static_cast<std::uint32_t>(word) != mark(hash)) continue;
        word = 0;
        return true;
    }
    return false;
}

}  // namespace dproxy::cache
