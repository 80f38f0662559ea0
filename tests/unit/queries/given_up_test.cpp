// SPDX-License-Identifier: MIT
#include "queries/given_up.hpp"

#include "catch.hpp"

using dproxy::proxy::GivenUpAttempts;

TEST_CASE("what was given up is known once, by its ID and its question", "[given_up]") {
    GivenUpAttempts attempts;
    CHECK_FALSE(attempts.take(7, 100));
    attempts.remember(7, 100);
    attempts.remember(8, 200);
    CHECK_FALSE(attempts.take(7, 101));
    CHECK_FALSE(attempts.take(9, 100));
    CHECK(attempts.take(7, 100));
    CHECK_FALSE(attempts.take(7, 100));
    CHECK(attempts.take(8, 200));
    CHECK(attempts.count() == 2);
}

TEST_CASE("the latest of a place is kept", "[given_up]") {
    GivenUpAttempts attempts;
    attempts.remember(5, 1);
    attempts.remember(5 + GivenUpAttempts::places, 2);
    CHECK_FALSE(attempts.take(5, 1));
    CHECK(attempts.take(5 + GivenUpAttempts::places, 2));
}
