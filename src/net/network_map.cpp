// SPDX-License-Identifier: MIT
#include "net/network_map.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <tuple>
#include <utility>

namespace dproxy::net {

namespace {

constexpr unsigned mapped_bits = 96;  // before the IPv4 address in its mapped form
constexpr unsigned word_bits = 64;

constexpr unsigned most_bits = 16;       // that a node looks at
constexpr std::size_t entries_for_one = 4;  // that lead somewhere, at most: memory stays in proportion to the networks

bool is_of_v4(const Network& network) { return network.prefix >= mapped_bits && network.base.is_v4(); }

using Bits = std::array<std::uint64_t, 2>;

/// How many of the first bits are the same.
unsigned shared_bits(const Bits& a, const Bits& b) {
    return static_cast<unsigned>(a[0] != b[0] ? std::countl_zero(a[0] ^ b[0])
                                              : static_cast<int>(word_bits) + std::countl_zero(a[1] ^ b[1]));
}

/// The first `count` bits of a word, the others 0.
std::uint64_t first_bits(std::uint64_t word, unsigned count) {
    return count == 0 ? 0 : word >> (word_bits - count) << (word_bits - count);
}

/// How many bits are worth looking at from `depth` on: as many as a quarter of the entries leads somewhere.
template <typename Key>
unsigned worth_bits(std::span<const Key> keys, unsigned depth) {
    const unsigned most = std::min(most_bits, word_bits - depth % word_bits);
    unsigned worth = 1;
    for (unsigned bits = 2; bits <= most && std::size_t{1} << bits <= entries_for_one * keys.size(); ++bits) {
        std::size_t lead_somewhere = 0;
        const Key* before = nullptr;  // of those that go on
        for (const Key& key : keys) {
            const bool ends = key.length <= depth + bits;
            if (ends || before == nullptr || shared_bits(before->bits, key.bits) < depth + bits) ++lead_somewhere;
            if (!ends) before = &key;
        }
        if (std::size_t{1} << bits <= entries_for_one * lead_somewhere) worth = bits;
    }
    return worth;
}

}  // namespace

NetworkMap::NetworkMap(std::span<const Network> networks) : around_(networks.size(), none) {
    assert(networks.size() < none);
    std::vector<Key> v4, v6;
    for (std::uint32_t number = 0; number < networks.size(); ++number) {
        const Network& network = networks[number];
        if (is_of_v4(network)) {
            v4.push_back({{v6_bits(network.base)[1] << 32, 0}, network.prefix - mapped_bits, number});
        } else {
            v6.push_back({v6_bits(network.base), network.prefix, number});
        }
    }
    v4_ = root_of(std::move(v4));
    v6_ = root_of(std::move(v6));
    nodes_.shrink_to_fit();
    entries_.shrink_to_fit();
}

std::uint32_t NetworkMap::root_of(std::vector<Key> keys) {
    // A network stands before all that lie in it.
    std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) {
        return std::tie(a.bits, a.length, a.number) < std::tie(b.bits, b.length, b.number);
    });
    std::vector<const Key*> open;
    for (const Key& key : keys) {
        const auto holds = [&key](const Key& outer) {
            return outer.length < key.length && shared_bits(outer.bits, key.bits) >= outer.length;
        };
        while (!open.empty() && !holds(*open.back())) open.pop_back();
        if (!open.empty()) around_[key.number] = open.back()->number;
        open.push_back(&key);
    }
    return build(keys, 0, none);
}

/// What stands for the keys, all of which share the first `depth` bits, which have been looked at. Recursion ends with
/// the bits of an address; each step takes one or more.
std::uint32_t NetworkMap::build(std::span<const Key> keys, unsigned depth, std::uint32_t otherwise) {
    while (!keys.empty() && keys.front().length <= depth) {
        otherwise = keys.front().number;
        keys = keys.subspan(1);
    }
    return keys.empty() ? otherwise : build_node(keys, depth, otherwise);
}

std::uint32_t NetworkMap::build_node(std::span<const Key> keys, unsigned depth, std::uint32_t otherwise) {
    // Where they part first, or the first of them ends: the keys are in order, so the outer two share least.
    unsigned parting = shared_bits(keys.front().bits, keys.back().bits);
    for (const Key& key : keys) parting = std::min(parting, key.length);
    if (depth < word_bits) parting = std::min(parting, word_bits);  // the second word comes after all of the first

    Node node;
    node.word = depth < word_bits ? 0 : 1;
    node.otherwise = otherwise;
    const unsigned begin = parting - node.word * word_bits;
    node.path = first_bits(keys.front().bits[node.word], begin);
    for (; !keys.empty() && keys.front().length == parting; keys = keys.subspan(1)) otherwise = keys.front().number;
    const unsigned bits = keys.empty() || begin == word_bits ? 0 : worth_bits(keys, parting);
    node.shift = static_cast<std::uint8_t>(word_bits - begin - bits);
    node.last = static_cast<std::uint16_t>((std::size_t{1} << bits) - 1);
    node.first = static_cast<std::uint32_t>(entries_.size());
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    assert(index < is_node);
    nodes_.push_back(node);
    entries_.resize(node.first + node.last + std::size_t{1}, otherwise);
    fill(keys, node, parting + bits);
    return index | is_node;
}

/// `next`: the bits that have been looked at behind the node.
void NetworkMap::fill(std::span<const Key> keys, const Node& node, unsigned next) {
    const auto entry_of = [&node](const Key& key) {
        return node.first + static_cast<std::size_t>((key.bits[node.word] ^ node.path) >> node.shift);
    };
    const auto ends = [next](const Key& key) { return key.length < next; };
    for (const Key& key : keys) {
        if (ends(key)) std::fill_n(&entries_[entry_of(key)], std::size_t{1} << (next - key.length), key.number);
    }
    while (!keys.empty()) {
        const std::size_t entry = entry_of(keys.front());
        const auto end = std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return entry_of(key) != entry; });
        // Those that end here stand before what lies in them, and so before all of an entry.
        const auto below = std::find_if_not(keys.begin(), end, ends);
        const std::uint32_t found = build({below, end}, next, entries_[entry]);
        entries_[entry] = found;
        keys = {end, keys.end()};
    }
}

std::size_t NetworkMap::memory_bytes() const noexcept {
    return nodes_.capacity() * sizeof(Node) + entries_.capacity() * sizeof entries_[0] +
           around_.capacity() * sizeof around_[0];
}

}  // namespace dproxy::net
