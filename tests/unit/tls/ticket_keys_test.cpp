// SPDX-License-Identifier: MIT
#include "tls/ticket_keys.hpp"

#include <numeric>

#include "catch.hpp"

using namespace dproxy::tls;

TEST_CASE("a key is 80 bytes: its name, that of the cipher, that of the seal", "[ticket_keys]") {
    std::vector<std::uint8_t> bytes(80);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    const std::optional<TicketKey> key = TicketKey::parse(bytes);
    REQUIRE(key);
    CHECK(key->name.front() == 0);
    CHECK(key->name.back() == 15);
    CHECK(key->cipher.front() == 16);
    CHECK(key->cipher.back() == 47);
    CHECK(key->mac.front() == 48);
    CHECK(key->mac.back() == 79);
    bytes.push_back(0);
    CHECK_FALSE(TicketKey::parse(bytes));
    bytes.resize(79);
    CHECK_FALSE(TicketKey::parse(bytes));
    CHECK_FALSE(TicketKey::parse({}));
}

TEST_CASE("own keys are random, rotate after 12 hours, and the one before still opens", "[ticket_keys]") {
    constexpr std::uint64_t start = 5, life = OwnTicketKeys::lifetime_ns;
    OwnTicketKeys keys(start);
    REQUIRE(keys.keys().size() == 1);
    const TicketKey first = keys.keys().front();
    CHECK_FALSE(first == OwnTicketKeys(start).keys().front());

    CHECK_FALSE(keys.rotate(start + life - 1));
    CHECK(keys.keys() == std::vector{first});
    CHECK(keys.next_ns() == start + life);
    CHECK(keys.rotate(start + life));
    REQUIRE(keys.keys().size() == 2);
    const TicketKey second = keys.keys().front();
    CHECK_FALSE(second == first);
    CHECK(keys.keys().back() == first);

    CHECK(keys.rotate(start + 2 * life + 1));
    REQUIRE(keys.keys().size() == 2);
    CHECK(keys.keys().back() == second);
    // Nobody looked for a day: what the last one sealed is too old.
    CHECK(keys.rotate(start + 5 * life));
    CHECK(keys.keys().size() == 1);
}
