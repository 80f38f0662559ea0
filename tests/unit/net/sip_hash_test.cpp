// SPDX-License-Identifier: MIT
#include "net/sip_hash.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>

#include "catch.hpp"

using namespace dproxy::net;

namespace {

using KeyBytes = std::array<std::uint8_t, SipHash::key_bytes>;

KeyBytes counting_key() {
    KeyBytes bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
    return bytes;
}

/// Of the bytes 0, 1, 2, ... as they are taken in the vectors of the reference implementation.
std::uint64_t hash_of_counting(std::size_t length, const SipHash::Key& key) {
    SipHash hash(key);
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < length; ++i) {
        word |= std::uint64_t{i & 0xff} << (8 * (i % 8));
        if (i % 8 != 7) continue;
        hash.take(word);
        word = 0;
    }
    return hash.finish(word, length);
}

}  // namespace

TEST_CASE("hashes are those of SipHash-2-4's authors", "[sip_hash]") {
    const auto key = SipHash::key_of(counting_key());
    CHECK(hash_of_counting(0, key) == 0x726fdb47dd0e0e31);
    CHECK(hash_of_counting(1, key) == 0x74f839c593dc67fd);
    CHECK(hash_of_counting(7, key) == 0xab0200f58b01d137);
    CHECK(hash_of_counting(8, key) == 0x93f5f5799a932462);
    CHECK(hash_of_counting(15, key) == 0xa129ca6149be45e5);
    CHECK(hash_of_counting(63, key) == 0x958a324ceb064572);
}

TEST_CASE("a key's first byte is the lowest of its first word", "[sip_hash]") {
    CHECK(SipHash::key_of(counting_key()) == SipHash::Key{0x0706050403020100, 0x0f0e0d0c0b0a0908});
}

TEST_CASE("each bit of the key makes another hash", "[sip_hash]") {
    std::set<std::uint64_t> hashes{hash_of_counting(15, SipHash::key_of(counting_key()))};
    for (std::size_t bit = 0; bit < 8 * SipHash::key_bytes; ++bit) {
        KeyBytes bytes = counting_key();
        bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1 << bit % 8);
        hashes.insert(hash_of_counting(15, SipHash::key_of(bytes)));
    }
    CHECK(hashes.size() == 8 * SipHash::key_bytes + 1);
}

TEST_CASE("texts that differ in their length alone have different hashes", "[sip_hash]") {
    const auto key = SipHash::key_of(counting_key());
    std::set<std::uint64_t> hashes;
    for (std::size_t length = 0; length < 8; ++length) hashes.insert(SipHash(key).finish(0, length));
    CHECK(hashes.size() == 8);
}
