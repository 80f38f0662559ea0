// SPDX-License-Identifier: MIT
#include "routing/rate_limit.hpp"

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

TEST_CASE("more networks than there is room for cost the longest idle their memory only", "[rate_limit]") {
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
