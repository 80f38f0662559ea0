// SPDX-License-Identifier: MIT
#include "net/keyed_hash.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "net/address.hpp"

namespace dproxy::net {
namespace {

const KeyedHash a_hash({0x0123456789abcdef, 0xfedcba9876543210, 0x5851f42d4c957f2d});
const KeyedHash another({0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb});

/// How many of the hashes share the fullest of as many places as there are hashes.
std::size_t fullest_place(const std::vector<std::uint64_t>& hashes) {
    std::vector<std::size_t> places(hashes.size());
    for (const std::uint64_t hash : hashes) ++places[((hash >> 32) * places.size()) >> 32];
    return *std::max_element(places.begin(), places.end());
}

}  // namespace

TEST_CASE("a keyed hash tells texts apart, and keys", "[keyed_hash]") {
    std::set<std::uint64_t> seen;
    std::vector<std::string> texts;
    // All lengths, also those whose bytes are all zero, and the same word at each place.
    for (std::size_t length = 0; length < 64; ++length) {
        texts.emplace_back(length, '\0');
        texts.emplace_back(length, '\xff');
        for (std::size_t at = 0; at < length; ++at) {
            texts.emplace_back(length, 'a');
            texts.back()[at] = 'b';
        }
    }
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    for (const std::string& text : texts) {
        CHECK(a_hash.of(text) == KeyedHash(a_hash).of(text));
        seen.insert(a_hash.of(text));
        seen.insert(another.of(text));
    }
    CHECK(seen.size() == 2 * texts.size());
}

TEST_CASE("the state never leaves its bounds", "[keyed_hash]") {
    // The largest key there is and the largest words: a sum that overflowed would forget a bit.
    const KeyedHash largest({~std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0}});
    std::uint64_t state = largest.begin();
    for (int i = 0; i < 1000; ++i) {
        state = largest.take(state, KeyedHash::word_mask);
        REQUIRE(state < (std::uint64_t{1} << 63));
    }
}

TEST_CASE("the hash is the polynomial that it says it is", "[keyed_hash]") {
    __extension__ using Wide = unsigned __int128;
    constexpr std::uint64_t prime = (std::uint64_t{1} << 61) - 1;
    const std::uint64_t point = 0xfedcba9876543210 >> 4 | 1;
    std::uint64_t state = a_hash.begin();
    Wide expected = state;
    for (std::uint64_t word = 1; word < KeyedHash::word_mask; word = word * 3 + 1) {
        state = a_hash.take(state, word);
        expected = (expected + word) % prime * point % prime;
        CHECK(state % prime == static_cast<std::uint64_t>(expected));
    }
}

TEST_CASE("rows of texts are scattered like any others", "[keyed_hash]") {
    std::vector<std::uint64_t> last_byte, first_word, addresses;
    for (std::uint32_t i = 0; i < 100'000; ++i) {
        last_byte.push_back(a_hash.of("name-" + std::to_string(i)));
        std::string text(14, 'x');
        for (int byte = 0; byte < 4; ++byte) text[static_cast<std::size_t>(byte)] = static_cast<char>(i >> (8 * byte));
        first_word.push_back(a_hash.of(text));
        Address address;
        address.bytes = {0x20, 0x01, 0x0d, 0xb8};
        for (int byte = 0; byte < 4; ++byte) {
            address.bytes[static_cast<std::size_t>(8 + byte)] = static_cast<std::uint8_t>(i >> (8 * byte));
        }
        addresses.push_back(std::hash<Address>{}(address));
    }
    // Of random ones, the fullest of 100,000 places has eight or nine.
    CHECK(fullest_place(last_byte) < 20);
    CHECK(fullest_place(first_word) < 20);
    CHECK(fullest_place(addresses) < 20);
}

TEST_CASE("a process has one key", "[keyed_hash]") {
    CHECK(&process_hash() == &process_hash());
    CHECK(TextHash{}("example") == TextHash{}("example"));
    CHECK(process_hash().of("example") != a_hash.of("example"));
}

}  // namespace dproxy::net
