// SPDX-License-Identifier: MIT
#include "route_files/content_hash.hpp"

#include <bit>
#include <cstddef>
#include <cstring>

namespace dproxy::config {

namespace {

constexpr std::uint64_t odd_high = 0x9e3779b97f4a7c15;  // 2^64 divided by the golden ratio
constexpr std::uint64_t odd_low = 0xc2b2ae3d27d4eb4f;   // a large prime

/// Each word is spread over all bits before the next one comes.
std::uint64_t mix(std::uint64_t state, std::uint64_t word, std::uint64_t factor) {
    state = (state ^ word) * factor;
    return state ^ std::rotr(state, 29) ^ (state >> 47);
}

}  // namespace

void ContentHash::add(std::string_view bytes) {
    const auto take = [this](std::uint64_t word) {
        high = mix(high, word, odd_high);
        low = mix(low, std::rotl(word, 32) + odd_low, odd_low);
    };
    take(bytes.size() + 1);
    while (!bytes.empty()) {
        std::uint64_t word = 0;
        const std::size_t length = bytes.size() < sizeof word ? bytes.size() : sizeof word;
        std::memcpy(&word, bytes.data(), length);
        take(word);
        bytes.remove_prefix(length);
    }
    const std::uint64_t crossed = low;
    low = mix(low, high, odd_high);
    high = mix(high, crossed, odd_low);
}

std::string ContentHash::to_string() const {
    std::string text(16, '0');
    for (std::size_t digit = 0; digit < text.size(); ++digit) {
        text[digit] = "0123456789abcdef"[(high >> (60 - 4 * digit)) & 0xf];
    }
    return text;
}

ContentHash hash_of(std::string_view bytes) {
    ContentHash hash;
    hash.add(bytes);
    return hash;
}

}  // namespace dproxy::config
