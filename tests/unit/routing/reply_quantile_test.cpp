// SPDX-License-Identifier: MIT
#include "routing/reply_quantile.hpp"

#include "catch.hpp"
#include "routing/hedge_budget.hpp"

using dproxy::routing::HedgeBudget;
using dproxy::routing::ReplyQuantile;

namespace {

constexpr std::uint64_t ms = 1'000'000;

void observe(ReplyQuantile& quantile, std::uint64_t taken_ns, unsigned times) {
    for (unsigned i = 0; i < times; ++i) quantile.observe(taken_ns);
}

/// No less than it is, and not much more.
void check_near(std::uint64_t found, std::uint64_t expected) {
    CHECK(found >= expected);
    CHECK(found <= expected + expected / 4);
}

}  // namespace

TEST_CASE("nothing is said before enough replies came", "[reply_quantile]") {
    ReplyQuantile quantile;
    observe(quantile, 5 * ms, ReplyQuantile::enough - 1);
    CHECK(quantile.value_ns() == 0);
    quantile.observe(5 * ms);
    check_near(quantile.value_ns(), 5 * ms);
}

TEST_CASE("every time has a bucket", "[reply_quantile]") {
    const auto value_of = [](std::uint64_t taken_ns) {
        ReplyQuantile quantile;
        observe(quantile, taken_ns, ReplyQuantile::enough);
        return quantile.value_ns();
    };
    for (const std::uint64_t taken_ns : {ms / 16, ms, 7 * ms, 333 * ms, 2'000 * ms, 9'000 * ms}) {
        check_near(value_of(taken_ns), taken_ns);
    }
    CHECK(value_of(0) < ms / 16);
    CHECK(value_of(~std::uint64_t{0}) > 17'000 * ms);
}

TEST_CASE("five of a hundred may be slower", "[reply_quantile]") {
    ReplyQuantile few;
    for (int i = 0; i < 10; ++i) {
        observe(few, 2 * ms, 62);
        observe(few, 400 * ms, 2);
    }
    check_near(few.value_ns(), 2 * ms);
    ReplyQuantile many;
    for (int i = 0; i < 10; ++i) {
        observe(many, 2 * ms, 56);
        observe(many, 400 * ms, 8);
    }
    check_near(many.value_ns(), 400 * ms);
}

TEST_CASE("what was long ago fades", "[reply_quantile]") {
    ReplyQuantile quantile;
    observe(quantile, 100 * ms, 5'000);
    check_near(quantile.value_ns(), 100 * ms);
    observe(quantile, ms, 5 * ReplyQuantile::fade_at);
    check_near(quantile.value_ns(), ms);
}

TEST_CASE("one query of twenty may be hedged, and few at once", "[hedge_budget]") {
    HedgeBudget budget;
    CHECK_FALSE(budget.take());
    for (std::uint32_t i = 0; i < HedgeBudget::queries_for_one; ++i) budget.on_query();
    CHECK(budget.take());
    CHECK_FALSE(budget.take());

    for (int i = 0; i < 1'000'000; ++i) budget.on_query();
    std::uint32_t taken = 0;
    while (budget.take()) ++taken;
    CHECK(taken == HedgeBudget::most_at_once);

    HedgeBudget used;
    std::uint32_t hedges = 0;
    for (int i = 0; i < 10'000; ++i) {
        used.on_query();
        hedges += used.take();
    }
    CHECK(hedges == 500);
}
