// SPDX-License-Identifier: MIT
#include "routing/rate_limit.hpp"

#include <vector>

#include "catch.hpp"

using dproxy::net::Address;
using dproxy::routing::RateLimit;
using dproxy::routing::RateVerdict;

namespace {

constexpr std::uint64_t second = 1'000'000'000;

int passed(RateLimit& limit, const Address& client, std::uint64_t now_ns, int queries) {
    int count = 0;
    for (int i = 0; i < queries; ++i) count += limit.take(client, now_ns) == RateVerdict::pass;
    return count;
}

}  // namespace

TEST_CASE("without a rate everything passes", "[rate_limit]") {
    RateLimit limit(0);
    CHECK(passed(limit, Address::v4(192, 0, 2, 1), second, 100'000) == 100'000);
}

TEST_CASE("a client network may ask a second's worth at once and then at the rate", "[rate_limit]") {
    RateLimit limit(100);
    const Address client = Address::v4(192, 0, 2, 1);
    CHECK(passed(limit, client, 5 * second, 1'000) == 100);
    CHECK(passed(limit, client, 5 * second + second / 2, 1'000) == 50);
    CHECK(passed(limit, client, 60 * second, 1'000) == 100);
}

TEST_CASE("beyond the rate every second query is told to come over TCP", "[rate_limit]") {
    RateLimit limit(1);
    const Address client = Address::v4(192, 0, 2, 1);
    CHECK(limit.take(client, second) == RateVerdict::pass);
    CHECK(limit.take(client, second) == RateVerdict::truncate);
    CHECK(limit.take(client, second) == RateVerdict::drop);
    CHECK(limit.take(client, second) == RateVerdict::truncate);
}

TEST_CASE("addresses of one /24 and of one /56 share, others do not", "[rate_limit]") {
    RateLimit limit(10);
    CHECK(passed(limit, Address::v4(192, 0, 2, 1), second, 10) == 10);
    CHECK(passed(limit, Address::v4(192, 0, 2, 200), second, 10) == 0);
    CHECK(passed(limit, Address::v4(192, 0, 3, 1), second, 10) == 10);
    CHECK(passed(limit, *Address::parse("2001:db8:0:ff01::1"), second, 10) == 10);
    CHECK(passed(limit, *Address::parse("2001:db8:0:ff99:1::2"), second, 10) == 0);
    CHECK(passed(limit, *Address::parse("2001:db8:1:ff01::1"), second, 10) == 10);
}

TEST_CASE("more networks than there is room for cost those their memory that owe nothing", "[rate_limit]") {
    RateLimit limit(10);
    const Address busy = Address::v4(10, 0, 0, 1);
    for (std::uint64_t round = 0; round < 20; ++round) {
        CHECK(passed(limit, busy, (1 + round) * second, 1'000) == 10);
        for (int i = 0; i < 5'000; ++i) {
            const auto high = static_cast<std::uint8_t>(i >> 8);
            limit.take(Address::v4(static_cast<std::uint8_t>(20 + round), high, static_cast<std::uint8_t>(i), 1),
                       (1 + round) * second);
        }
    }
}

TEST_CASE("no flood of other networks takes a debt away", "[rate_limit]") {
    RateLimit limit(100);
    const Address victim = Address::v4(203, 0, 113, 1);
    CHECK(passed(limit, victim, second, 1'000) == 100);
    // Whole sets of networks that asked later, each of them once: more than the table can hold, many times over.
    std::uint64_t now_ns = second;
    for (std::uint32_t i = 0; i < 20 * RateLimit::sets * RateLimit::ways; ++i) {
        const auto byte = [i](int shift) { return static_cast<std::uint8_t>(i >> shift); };
        limit.take(Address::v4(static_cast<std::uint8_t>(20 + byte(16)), byte(8), byte(0), 1), now_ns += 100);
    }
    const auto refilled = static_cast<int>((now_ns - second) * 100 / second);
    CHECK(passed(limit, victim, now_ns, 1'000) <= refilled + 1);
}

TEST_CASE("which networks share a set is known by the key only", "[rate_limit]") {
    // All that share a set with the victim under a key that is known are put deeper into debt than it is.
    using dproxy::net::KeyedHash;
    constexpr KeyedHash::Key known_key{0x0123456789abcdef, 0xfedcba9876543210, 0x5851f42d4c957f2d};
    const Address victim = Address::v4(203, 0, 113, 1);
    const auto set_of = [hash = KeyedHash(known_key)](const Address& client) {
        std::uint64_t network = 1;
        for (std::size_t i = 12; i < 15; ++i) network = network << 8 | client.bytes[i];
        network = (network & 0xffffff) | std::uint64_t{1} << 56;
        return (hash.finish(hash.take_number(hash.begin(), network)) >> 32) % RateLimit::sets;
    };
    std::vector<Address> chosen;
    for (std::uint32_t i = 0; chosen.size() < 8; ++i) {
        const auto other = Address::v4(static_cast<std::uint8_t>(20 + (i >> 16)), static_cast<std::uint8_t>(i >> 8),
                                       static_cast<std::uint8_t>(i), 1);
        if (set_of(other) == set_of(victim)) chosen.push_back(other);
    }
    const auto forgotten = [&](const KeyedHash& hash) {
        RateLimit limit(100, hash);
        CHECK(passed(limit, victim, second, 50) == 50);
        for (const Address& other : chosen) passed(limit, other, second, 100);
        return passed(limit, victim, second, 100) == 100;
    };
    CHECK(forgotten(KeyedHash(known_key)));
    CHECK_FALSE(forgotten(KeyedHash({0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb})));
    CHECK_FALSE(forgotten(dproxy::net::process_hash()));
}
