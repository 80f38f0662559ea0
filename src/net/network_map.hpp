// SPDX-License-Identifier: MIT
// Which of many networks is the longest that holds an address: a trie that passes over what all networks below share,
// and looks at so many bits at a time as the networks fill (level and path compressed, after Nilsson and Karlsson). A
// look costs a step for each place where networks part, two to four in all.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "net/address.hpp"

namespace dproxy::net {

/// Immutable once built; any thread may read it. Holds an address where Network::contains() says so.
class NetworkMap {
public:
    static constexpr std::uint32_t none = 0x7fffffff;

    NetworkMap() = default;
    /// Fewer than `none` networks; their numbers are their places in the list. Of equal ones the last one counts.
    explicit NetworkMap(std::span<const Network> networks);

    /// The number of the longest network that holds the address, or none.
    std::uint32_t longest(const Address& address) const noexcept {
        Bits bits = v6_bits(address);
        const bool v4 = bits[0] == 0 && bits[1] >> 32 == v4_mapped;
        if (v4) bits = {bits[1] << 32, 0};
        std::uint32_t entry = v4 ? v4_ : v6_;
        for (const Node* nodes = nodes_.data(); (entry & is_node) != 0;) {
            const Node& node = nodes[entry & ~is_node];
            const std::uint64_t at = (bits.data()[node.word] ^ node.path) >> node.shift;
            if (at > node.last) return node.otherwise;
            entry = entries_.data()[node.first + at];
        }
        return entry;
    }
    bool holds(const Address& address) const noexcept { return longest(address) != none; }
    /// The longest network that holds all of that one and more, or none.
    std::uint32_t around(std::uint32_t number) const noexcept { return around_[number]; }
    std::size_t memory_bytes() const noexcept;

private:
    static constexpr std::uint32_t is_node = 0x80000000;
    static constexpr std::uint64_t v4_mapped = 0xffff;  ///< before the 32 bits of IPv4 (RFC 4291 2.5.5.2)

    /// An address in two words, its first bit the highest one. Of IPv4 the 32 bits that differ.
    using Bits = std::array<std::uint64_t, 2>;
    struct Key {
        Bits bits;
        unsigned length = 0;  ///< of the prefix, in bits
        std::uint32_t number = 0;
    };
    /// Looks at some bits of one word. An entry is a node of its own, or the number of a network, or none.
    struct Node {
        std::uint64_t path = 0;          ///< the bits of the word that lead here, zeros after them
        std::uint32_t otherwise = none;  ///< of an address that has others: nothing below is its
        std::uint32_t first = 0;         ///< of its entries
        std::uint16_t last = 0;          ///< counted from the first: all ones, as many as bits are looked at
        std::uint8_t shift = 0;          ///< of these bits
        std::uint8_t word = 0;
    };
    static Bits v6_bits(const Address& address) noexcept;

    std::uint32_t root_of(std::vector<Key> keys);
    std::uint32_t build(std::span<const Key> keys, unsigned depth, std::uint32_t otherwise);
    std::uint32_t build_node(std::span<const Key> keys, unsigned depth, std::uint32_t otherwise);
    void fill(std::span<const Key> keys, const Node& node, unsigned next);

    std::uint32_t v4_ = none;
    std::uint32_t v6_ = none;
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> entries_;
    std::vector<std::uint32_t> around_;
};

inline NetworkMap::Bits NetworkMap::v6_bits(const Address& address) noexcept {
    Bits bits;
    std::memcpy(bits.data(), address.bytes.data(), sizeof bits);
    if constexpr (std::endian::native == std::endian::little) {
        bits = {__builtin_bswap64(bits[0]), __builtin_bswap64(bits[1])};
    }
    return bits;
}

}  // namespace dproxy::net
