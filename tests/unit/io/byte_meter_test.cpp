// SPDX-License-Identifier: MIT
#include "io/byte_meter.hpp"

#include "catch.hpp"

using namespace dproxy::io;

TEST_CASE("a meter holds what all its holders have", "[byte_meter]") {
    const auto meter = std::make_shared<ByteMeter>();
    MeteredBytes one(meter);
    CHECK(meter->held() == 0);
    {
        MeteredBytes other(meter);
        one.set(100);
        other.set(65535);
        CHECK(meter->held() == 65635);
        one.set(7);  // in place of the 100
        CHECK(meter->held() == 65542);
        CHECK(one.bytes() == 7);
        one.set(7);
        CHECK(meter->held() == 65542);
    }
    CHECK(meter->held() == 7);  // the other one is gone
    one.set(0);
    CHECK(meter->held() == 0);
}

TEST_CASE("who has no meter knows its own bytes all the same", "[byte_meter]") {
    MeteredBytes alone(nullptr);
    alone.set(12);
    CHECK(alone.bytes() == 12);
}

TEST_CASE("a meter lives as long as its last holder", "[byte_meter]") {
    auto meter = std::make_shared<ByteMeter>();
    const std::weak_ptr<ByteMeter> seen = meter;
    auto holder = std::make_unique<MeteredBytes>(std::move(meter));
    holder->set(1);
    CHECK(seen.lock()->held() == 1);
    holder.reset();
    CHECK(seen.expired());
}
