// SPDX-License-Identifier: MIT
#include "upstreams/carrier.hpp"

#include "catch.hpp"

using namespace dproxy::proxy;

TEST_CASE("by a carrier that says nothing else nobody waits", "[carrier]") {
    struct Full final : Carrier {
        Sending send(QueryIndex, Attempt&, Link*) override { return {Sent::full}; }
        void maintain() override {}
    } full;
    Attempt attempt;
    CHECK(full.send(1, attempt, nullptr).sent == Sent::full);
    CHECK(full.wait(1, nullptr).sent == Sent::no);
    CHECK(full.who_gives_way_to(1).empty());
    CHECK_FALSE(full.any_waiting());
    CHECK(full.next_waiting() == no_query);
    full.stop_waiting(1);
}
