// SPDX-License-Identifier: MIT
#include "routing/hedge_budget.hpp"

#include "catch.hpp"

using dproxy::routing::HedgeBudget;

namespace {

void ask(HedgeBudget& budget, unsigned queries) {
    for (unsigned i = 0; i < queries; ++i) budget.on_query();
}

unsigned hedges_left(HedgeBudget& budget) {
    unsigned taken = 0;
    while (budget.take()) ++taken;
    return taken;
}

}  // namespace

TEST_CASE("a route hedges once for twenty of its queries, and not before", "[hedge_budget]") {
    HedgeBudget budget;
    CHECK_FALSE(budget.take());
    ask(budget, 19);
    CHECK_FALSE(budget.take());
    ask(budget, 1);
    CHECK(budget.take());
    CHECK_FALSE(budget.take());
    ask(budget, 45);
    CHECK(hedges_left(budget) == 2);
    ask(budget, 15);  // the rest of the 45 is kept
    CHECK(hedges_left(budget) == 1);
}

TEST_CASE("a refused hedge costs nothing", "[hedge_budget]") {
    HedgeBudget budget;
    ask(budget, 19);
    for (int i = 0; i < 100; ++i) CHECK_FALSE(budget.take());
    ask(budget, 1);
    CHECK(budget.take());
}

TEST_CASE("hedges are saved up to a limit", "[hedge_budget]") {
    HedgeBudget budget;
    ask(budget, 100'000);
    CHECK(hedges_left(budget) == HedgeBudget::most_at_once);
}
