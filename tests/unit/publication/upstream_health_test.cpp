// SPDX-License-Identifier: MIT
#include "publication/upstream_health.hpp"

#include <bit>
#include <set>

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::proxy;

TEST_CASE("each of the usual types has a bit of its own, the rarer ones share one", "[upstream_health]") {
    std::set<std::uint64_t> bits;
    for (unsigned type = 0; type <= 65535; ++type) {
        const std::uint64_t bit = type_bit(static_cast<std::uint16_t>(type));
        REQUIRE(std::has_single_bit(bit));
        bits.insert(bit);
    }
    CHECK(bits.size() == 64);
    CHECK(type_bit(1) != type_bit(28));
    CHECK(type_bit(62) != type_bit(63));
    CHECK(type_bit(63) == type_bit(64));
    CHECK(type_bit(64) == type_bit(65535));
}

TEST_CASE("of several routes the most watchful counts, in whatever order they come", "[upstream_health]") {
    using routing::Health;
    CHECK(most_watchful(Health::on, Health::passive) == Health::on);
    CHECK(most_watchful(Health::passive, Health::on) == Health::on);
    CHECK(most_watchful(Health::off, Health::on) == Health::on);
    CHECK(most_watchful(Health::passive, Health::off) == Health::passive);
    CHECK(most_watchful(Health::off, Health::passive) == Health::passive);
    CHECK(most_watchful(Health::off, Health::off) == Health::off);
}

TEST_CASE("why it cannot be asked encrypted is told until something is heard", "[upstream_health]") {
    UpstreamHealth health;
    CHECK(health.fault_now().empty());
    health.encryption_fault.tell("expired: its certificate", 1000);
    CHECK(health.fault_now() == "expired: its certificate");
    health.heard_ns.store(1000);
    CHECK(health.fault_now().empty());
    health.encryption_fault.tell("name: another", 2000);
    CHECK(health.fault_now() == "name: another");
    health.probed_ns.store(2001);
    CHECK(health.fault_now().empty());
}

TEST_CASE("an upstream is up until something is known of it", "[upstream_health]") {
    const UpstreamHealth health;
    CHECK(health.up);
    CHECK(health.changed_ns == 0);
    CHECK_FALSE(health.probes_tell);
    CHECK_FALSE(health.suspected);
}
