// SPDX-License-Identifier: MIT
// The rolling hash of names: from the right, label by label, eight bytes at a time. Not for input that
// could be chosen to collide with other input: the names stored are the operator's, and hits are compared.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dproxy::routing {

inline constexpr std::uint64_t hash_seed = 0x9e3779b97f4a7c15;

/// One step of the hash (the multipliers are those of MurmurHash3's finisher).
inline std::uint64_t mix(std::uint64_t hash, std::uint64_t word) noexcept {
    hash = (hash ^ word) * 0xff51afd7ed558ccd;
    hash = (hash ^ (hash >> 32)) * 0xc4ceb9fe1a85ec53;
    return hash ^ (hash >> 29);
}

/// Eight bytes as a number whose lowest byte is the first one.
inline std::uint64_t load_word(const std::uint8_t* at) noexcept {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

/// Goes on from the hash of the labels to the right. `length` bytes are read in words: eight bytes must be
/// readable wherever a word begins.
inline std::uint64_t hash_bytes(std::uint64_t hash, const std::uint8_t* at, std::size_t length) noexcept {
    for (; length > 8; length -= 8, at += 8) hash = mix(hash, load_word(at));
    return mix(hash, load_word(at) & (~std::uint64_t{0} >> (64 - 8 * length)));
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
