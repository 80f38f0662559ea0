// SPDX-License-Identifier: MIT
// SipHash-2-4 (Aumasson and Bernstein 2012): a seal that only the holder of the key can make.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace dproxy::net {

/// One text: take() for every eight bytes, the first the lowest, then finish(). One thread.
class SipHash {
public:
    static constexpr std::size_t key_bytes = 16;
    using Key = std::array<std::uint64_t, 2>;
    static constexpr Key key_of(const std::array<std::uint8_t, key_bytes>& bytes) {
        Key key{};
        for (std::size_t i = 0; i < key_bytes; ++i) key[i / 8] |= std::uint64_t{bytes[i]} << (8 * (i % 8));
        return key;
    }

    explicit SipHash(const Key& key)
        : v0_(key[0] ^ 0x736f6d6570736575), v1_(key[1] ^ 0x646f72616e646f6d),
          v2_(key[0] ^ 0x6c7967656e657261), v3_(key[1] ^ 0x7465646279746573) {}

    void take(std::uint64_t word) {
        v3_ ^= word;
        round();
        round();
        v0_ ^= word;
    }
    /// `rest`: the bytes, fewer than eight, that no word was taken of; `length`: of all, in bytes.
    std::uint64_t finish(std::uint64_t rest, std::size_t length) {
        take(rest | static_cast<std::uint64_t>(length) << 56);
        v2_ ^= 0xff;
        for (int i = 0; i < 4; ++i) round();
        return v0_ ^ v1_ ^ v2_ ^ v3_;
    }

private:
    void round() {
        v0_ += v1_;
        v1_ = std::rotl(v1_, 13) ^ v0_;
        v0_ = std::rotl(v0_, 32);
        v2_ += v3_;
        v3_ = std::rotl(v3_, 16) ^ v2_;
        v0_ += v3_;
        v3_ = std::rotl(v3_, 21) ^ v0_;
        v2_ += v1_;
        v1_ = std::rotl(v1_, 17) ^ v2_;
        v2_ = std::rotl(v2_, 32);
    }

    std::uint64_t v0_, v1_, v2_, v3_;
};

}  // namespace dproxy::net
