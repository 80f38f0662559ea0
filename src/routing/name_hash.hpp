// SPDX-License-Identifier: MIT
// The rolling hash of names: from the right, label by label, seven bytes at a time. Keyed, as the names that are
// stored come from files that many write.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "net/keyed_hash.hpp"

namespace dproxy::routing {

/// Eight bytes as a number whose lowest byte is the first one.
inline std::uint64_t load_word(const std::uint8_t* at) noexcept {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

/// Goes on from the state of the labels to the right. A label is taken with the byte before it, its length, so no
/// other row of labels is the same row of words. Eight bytes must be readable wherever a word begins.
inline std::uint64_t take_label(const net::KeyedHash& hash, std::uint64_t state, const std::uint8_t* label) noexcept {
    constexpr std::size_t word = net::KeyedHash::word_bytes;
    std::size_t left = std::size_t{*label} + 1;
    for (; left > word; left -= word, label += word) {
        state = hash.take(state, load_word(label) & net::KeyedHash::word_mask);
    }
    return hash.take(state, load_word(label) & (net::KeyedHash::word_mask >> (8 * (word - left))));
}

/// ASCII capitals of eight bytes made small, all at once; bytes above 127 stay.
inline std::uint64_t lower_word(std::uint64_t word) noexcept {
    constexpr std::uint64_t each = 0x0101010101010101;
    const std::uint64_t low = word & (0x7f * each);
    const std::uint64_t from_a = low + (0x80 - 'A') * each;   // high bit: at least 'A'
    const std::uint64_t past_z = low + (0x7f - 'Z') * each;   // high bit: above 'Z'
    const std::uint64_t capital = (from_a ^ past_z) & ~word & (0x80 * each);
    return word | (capital >> 2);
}

}  // namespace dproxy::routing
