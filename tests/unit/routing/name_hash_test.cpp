// SPDX-License-Identifier: MIT
#include "routing/name_hash.hpp"

#include <array>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::routing;

namespace {

const net::KeyedHash a_hash({0x0123456789abcdef, 0xfedcba9876543210, 0x5851f42d4c957f2d});

/// A label with its length before it, and behind it what may be read and must not count.
std::vector<std::uint8_t> label(const std::string& text, std::uint8_t behind) {
    std::vector<std::uint8_t> bytes{static_cast<std::uint8_t>(text.size())};
    bytes.insert(bytes.end(), text.begin(), text.end());
    bytes.resize(bytes.size() + 8, behind);
    return bytes;
}

std::uint64_t state_of(const std::vector<std::string>& labels, std::uint8_t behind = 0) {
    std::uint64_t state = a_hash.begin();
    for (const std::string& one : labels) state = take_label(a_hash, state, label(one, behind).data());
    return state;
}

std::uint8_t lower(std::uint8_t byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<std::uint8_t>(byte + 0x20) : byte;
}

}  // namespace

TEST_CASE("a word's lowest byte is the first", "[name_hash]") {
    constexpr std::array<std::uint8_t, 9> bytes{0xff, 1, 2, 3, 4, 5, 6, 7, 8};
    CHECK(load_word(bytes.data() + 1) == 0x0807060504030201);
}

TEST_CASE("capitals of eight bytes are made small, all other bytes stay", "[name_hash]") {
    for (unsigned byte = 0; byte < 256; ++byte) {
        for (unsigned place = 0; place < 8; ++place) {
            // Beside each: bytes that a carry from the neighbour would change.
            for (const std::uint64_t others : {0x0000000000000000ULL, 0xffffffffffffffffULL, 0x4141414141414141ULL,
                                               0x5a5a5a5a5a5a5a5aULL, 0x4040404040404040ULL, 0x5b5b5b5b5b5b5b5bULL}) {
                const std::uint64_t word = (others & ~(0xffULL << 8 * place)) | std::uint64_t{byte} << 8 * place;
                std::uint64_t expected = 0;
                for (unsigned i = 0; i < 8; ++i) {
                    expected |= std::uint64_t{lower(static_cast<std::uint8_t>(word >> 8 * i))} << 8 * i;
                }
                REQUIRE(lower_word(word) == expected);
            }
        }
    }
}

TEST_CASE("labels of every length are told apart, by each of their bytes", "[name_hash]") {
    std::set<std::uint64_t> states{a_hash.begin()};
    std::size_t labels = 1;
    for (std::size_t length = 1; length <= 63; ++length) {
        for (std::size_t at = 0; at <= length; ++at, ++labels) {
            std::string text(length, 'a');
            if (at < length) text[at] = '\0';
            states.insert(state_of({text}));
        }
    }
    CHECK(states.size() == labels);
}

TEST_CASE("what stands behind a label does not count", "[name_hash]") {
    for (std::size_t length = 1; length <= 63; ++length) {
        CHECK(state_of({std::string(length, 'a')}, 0) == state_of({std::string(length, 'a')}, 0xff));
    }
}

TEST_CASE("no other row of labels is the same row", "[name_hash]") {
    CHECK(state_of({"a", "bc"}) != state_of({"ab", "c"}));
    CHECK(state_of({"a", "b"}) != state_of({"b", "a"}));
    CHECK(state_of({"a", "b"}) != state_of({std::string("a\1b", 3)}));
    CHECK(state_of({"abcdefg", "h"}) != state_of({"abcdefgh"}));
    CHECK(take_label(a_hash, state_of({"com"}), label("example", 0).data()) == state_of({"com", "example"}));
}
