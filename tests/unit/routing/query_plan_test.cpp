// SPDX-License-Identifier: MIT
#include "routing/query_plan.hpp"

#include "catch.hpp"

using namespace dproxy::routing;
using dproxy::dns::ExtendedError;

namespace {

constexpr std::uint8_t query = 0;
constexpr std::uint8_t update = 5;

}  // namespace

TEST_CASE("an attempt that runs out of time is followed by the next, and still counts", "[query_plan]") {
    QueryPlan plan(query, 2);
    plan.sent();
    CHECK(plan.attempt_timed_out() == Step::send);
    plan.sent();
    CHECK_FALSE(plan.may_send());
    CHECK(plan.attempt_timed_out() == Step::wait);
    CHECK(plan.error() == ExtendedError::no_reachable_authority);
}

TEST_CASE("a network error moves on at once, and ends it when nothing is left", "[query_plan]") {
    QueryPlan plan(query, 2);
    plan.sent();
    CHECK(plan.attempt_failed(AttemptEnd::network) == Step::send);
    plan.sent();
    CHECK(plan.attempt_failed(AttemptEnd::network) == Step::give_up);
    CHECK(plan.error() == ExtendedError::network_error);
}

TEST_CASE("while another attempt is open, a failed one is only waited out", "[query_plan]") {
    QueryPlan plan(query, 2);
    plan.sent();
    CHECK(plan.attempt_timed_out() == Step::send);
    plan.sent();
    CHECK(plan.attempt_failed(AttemptEnd::network) == Step::wait);
    CHECK(plan.attempt_failed(AttemptEnd::overload) == Step::give_up);
    CHECK(plan.error() == ExtendedError::network_error);
}

TEST_CASE("only opcode QUERY is sent twice", "[query_plan]") {
    for (const std::uint8_t opcode : {std::uint8_t{4}, update, std::uint8_t{9}}) {
        QueryPlan plan(opcode, 5);
        plan.sent();
        CHECK_FALSE(plan.may_send());
        CHECK(plan.attempt_timed_out() == Step::wait);
        CHECK(plan.attempt_failed(AttemptEnd::network) == Step::give_up);
    }
}

TEST_CASE("an attempt that did not count is given back", "[query_plan]") {
    QueryPlan plan(query, 1);
    plan.sent();
    plan.unsent();
    CHECK(plan.may_send());
    plan.sent();
    CHECK(plan.attempt_failed(AttemptEnd::overload) == Step::give_up);
    CHECK(plan.error() == ExtendedError::no_reachable_authority);
}
