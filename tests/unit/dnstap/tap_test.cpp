// SPDX-License-Identifier: MIT
#include "dnstap/tap.hpp"

#include <vector>

#include "catch.hpp"
#include "dnstap/limits.hpp"

using namespace dproxy;

namespace {

dnstap::Record record_of(const std::vector<std::uint8_t>& message) {
    dnstap::Record record;
    record.message = message;
    return record;
}

}  // namespace

TEST_CASE("a tap without rings is off", "[tap]") {
    telemetry::Counter dropped;
    CHECK_FALSE(dnstap::Tap().is_on());
    CHECK_FALSE(dnstap::Tap(nullptr, 0, dropped).is_on());
}

TEST_CASE("what is noted lies in the ring of its worker", "[tap]") {
    const auto rings = std::make_shared<query_log::Rings>(2u, std::size_t{4096});
    telemetry::Counter dropped;
    dnstap::Tap tap(rings, 1, dropped);
    REQUIRE(tap.is_on());
    CHECK(rings->of(0) == nullptr);
    const std::vector<std::uint8_t> message(100, 7);
    tap.note(record_of(message));
    query_log::Ring* const ring = rings->of(1);
    REQUIRE(ring != nullptr);
    CHECK(dnstap::read(ring->front()).message.size() == message.size());
    ring->pop();
    CHECK(ring->front().empty());
    CHECK(dropped.value() == 0);
}

TEST_CASE("what has no room is counted", "[tap]") {
    const auto rings = std::make_shared<query_log::Rings>(1u, std::size_t{1024});
    telemetry::Counter dropped;
    dnstap::Tap tap(rings, 0, dropped);
    const std::vector<std::uint8_t> message(200, 7);
    for (int i = 0; i < 10; ++i) tap.note(record_of(message));
    std::uint64_t kept = 0;
    for (query_log::Ring& ring = *rings->of(0); !ring.front().empty(); ring.pop()) ++kept;
    CHECK(kept > 0);
    CHECK(kept + dropped.value() == 10);
}

TEST_CASE("the largest message has room", "[tap]") {
    const auto rings = std::make_shared<query_log::Rings>(1u, dnstap::tap_ring_bytes);
    telemetry::Counter dropped;
    dnstap::Tap tap(rings, 0, dropped);
    const std::vector<std::uint8_t> message(dns::max_message_length, 7);
    for (int i = 0; i < 500; ++i) {
        tap.note(record_of(message));
        CHECK_FALSE(rings->of(0)->front().empty());
        rings->of(0)->pop();
    }
    CHECK(dropped.value() == 0);
}
