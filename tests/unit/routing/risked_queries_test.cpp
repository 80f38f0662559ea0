// SPDX-License-Identifier: MIT
#include "routing/risked_queries.hpp"

#include <string>

#include "catch.hpp"

using dproxy::net::Address;
using dproxy::routing::RiskedQueries;
using dproxy::routing::RiskLimits;

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t start = 1'000'000 * ms;
constexpr RiskLimits few{500 * ms, 1, 3};

Address client(std::uint8_t number) { return Address::v4(192, 0, 2, number); }

/// Risks what is allowed.
bool risk(RiskedQueries& risked, const RiskLimits& limits, const Address& who, std::uint64_t now_ns,
          std::uint64_t heard_ns = 0) {
    if (!risked.allow(limits, who, now_ns, heard_ns)) return false;
    risked.note(who, now_ns);
    return true;
}

}  // namespace

TEST_CASE("a client has its share of the risked queries, and no more", "[risked]") {
    RiskedQueries risked;
    CHECK(risk(risked, few, client(1), start));
    CHECK_FALSE(risk(risked, few, client(1), start));
    CHECK(risk(risked, few, client(2), start));
    CHECK(risk(risked, few, client(3), start));
    CHECK_FALSE(risk(risked, few, client(4), start));
}

TEST_CASE("a client that always asks leaves the others their turn", "[risked]") {
    RiskedQueries risked;
    for (std::uint64_t at = 0; at < 60'000; at += 100) {
        risk(risked, few, client(1), start + at * ms);
        if (at % 8000 == 0) CHECK(risk(risked, few, client(2), start + at * ms));
    }
}

TEST_CASE("what was risked is forgotten after its time", "[risked]") {
    RiskedQueries risked;
    CHECK(risk(risked, few, client(1), start));
    CHECK_FALSE(risk(risked, few, client(1), start + 499 * ms));
    CHECK(risk(risked, few, client(1), start + 500 * ms));
}

TEST_CASE("what was risked before a message came counts no more", "[risked]") {
    RiskedQueries risked;
    CHECK(risk(risked, few, client(1), start));
    CHECK(risk(risked, few, client(1), start + 2 * ms, start + ms));
    CHECK_FALSE(risk(risked, few, client(1), start + 3 * ms, start + ms));
}

TEST_CASE("a burst of one client, and one of another, where many are allowed", "[risked]") {
    constexpr RiskLimits many{4000 * ms, 32, RiskedQueries::capacity};
    RiskedQueries risked;
    unsigned of_one = 0, of_other = 0;
    for (int i = 0; i < 100; ++i) of_one += risk(risked, many, client(1), start);
    for (int i = 0; i < 20; ++i) of_other += risk(risked, many, client(2), start);
    CHECK(of_one == 32);
    CHECK(of_other == 20);
}

TEST_CASE("a client of IPv6 is its /64", "[risked]") {
    RiskedQueries risked;
    CHECK(risk(risked, few, *Address::parse("2001:db8::1"), start));
    CHECK_FALSE(risk(risked, few, *Address::parse("2001:db8::ffff:2"), start));
    CHECK(risk(risked, few, *Address::parse("2001:db8:0:1::1"), start));
}
