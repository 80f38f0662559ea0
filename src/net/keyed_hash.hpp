// SPDX-License-Identifier: MIT
// The hash of every table that holds what comes from outside: names of route files, labels, addresses of clients.
// Whoever chooses them knows this code, but not the key, and so cannot choose ones that meet in the table.
//
// Bytes are taken seven at a time as the coefficients of a polynomial, which is evaluated at a secret point modulo
// the prime 2^61 - 1. Two texts that differ are two polynomials that differ; these agree at as many points as they
// have coefficients at most, of 2^59 that the point may be: with names of 255 bytes, one chance in 2^52. That is a
// count and not a hope: no pair that is fixed before the key is drawn does better, however it was found. (A hash that
// merely begins with a secret does not give that: with many, pairs are known that meet under every beginning.) Texts
// in a row, a, b, c, lie at even distances of such a polynomial; the last step, a multiplication by a secret whose
// halves are folded, scatters them over the table.
//
// The key never leaves the process, and nothing that is shown, stored or decided depends on it: only where in a table
// something lies. What must be the same in all replicas (`policy = hash`, the hash of the content in force) does not
// use it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace dproxy::net {

/// Immutable; any thread.
class KeyedHash {
public:
    static constexpr std::size_t word_bytes = 7;
    static constexpr std::uint64_t word_mask = (std::uint64_t{1} << (8 * word_bytes)) - 1;
    using Key = std::array<std::uint64_t, 3>;

    /// Any bits will do, as long as nobody knows them.
    explicit KeyedHash(const Key& random) noexcept
        : start_(random[0] >> 4 | 1), point_((random[1] >> 4 | 1) << 3), scatter_(random[2] | 1) {}

    /// A hash in the making: begin(), then take() each word, then finish(). What began alike goes on alike, so a
    /// state may be kept and gone on from more than once.
    std::uint64_t begin() const noexcept { return start_; }

    /// `word` is below 2^56. The state stays below 2^63: it is not reduced further than that takes, as equal texts
    /// take equal steps. The point is kept eight times as large, so that the halves of the product are cut at bit 61.
    std::uint64_t take(std::uint64_t state, std::uint64_t word) const noexcept {
        const Wide product = static_cast<Wide>(state + word) * point_;
        return static_cast<std::uint64_t>(product >> 64) + (static_cast<std::uint64_t>(product) >> 3);
    }

    /// All 64 bits may be used.
    std::uint64_t finish(std::uint64_t state) const noexcept {
        const Wide product = static_cast<Wide>(state) * scatter_;
        std::uint64_t hash = static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
        // Names that are numbered one after the other are still in step here, and with some keys they would crowd in a
        // table. One to one, so that nothing meets that did not.
        hash ^= hash >> 32;
        hash *= 0x9fb21c651e98df25;
        return hash ^ hash >> 29;
    }

    /// Of a number, in two words.
    std::uint64_t take_number(std::uint64_t state, std::uint64_t number) const noexcept {
        return take(take(state, number & word_mask), number >> (8 * word_bytes));
    }

    /// The length goes first, so that no text begins another.
    std::uint64_t take_text(std::uint64_t state, std::string_view text) const noexcept {
        state = take(state, text.size());
        for (; !text.empty(); text.remove_prefix(word_bytes)) {
            std::uint64_t word = 0;
            if (text.size() <= word_bytes) {
                std::memcpy(&word, text.data(), text.size());
                return take(state, little(word));
            }
            std::memcpy(&word, text.data(), word_bytes);
            state = take(state, little(word));
        }
        return state;
    }

    std::uint64_t of(std::string_view text) const noexcept { return finish(take_text(begin(), text)); }
    std::uint64_t of(std::span<const std::uint8_t> bytes) const noexcept {
        return of(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    }

private:
    __extension__ using Wide = unsigned __int128;

    static std::uint64_t little(std::uint64_t word) noexcept {
        if constexpr (std::endian::native == std::endian::big) return __builtin_bswap64(word);
        return word;
    }

    std::uint64_t start_;    ///< below 2^60, and not 0: texts of different lengths differ in it
    std::uint64_t point_;    ///< eight times the point, which is below 2^60
    std::uint64_t scatter_;  ///< odd
};

/// With the key of this process, drawn from the kernel at the first call. The one secret that is not handed around:
/// a table that nobody thought of giving a key would be one without.
const KeyedHash& process_hash();

/// For containers of texts, found by views of them.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        return static_cast<std::size_t>(process_hash().of(text));
    }
};

}  // namespace dproxy::net
