// SPDX-License-Identifier: MIT
#include "http2/closed_streams.hpp"

#include "catch.hpp"

using dproxy::http2::ClosedStreams;
using Known = ClosedStreams::Known;

TEST_CASE("who ended a stream is known for a while", "[closed_streams]") {
    ClosedStreams streams;
    CHECK(streams.find(1) == Known::no);
    streams.add(1, false);
    streams.add(3, true);
    streams.add(3, false);  // what we reset, is closed as well
    CHECK(streams.find(1) == Known::ended);
    CHECK(streams.find(3) == Known::reset_by_us);
    for (int id = 5; id < 5 + 2 * 62; id += 2) streams.add(id, false);
    CHECK(streams.find(1) == Known::ended);
    streams.add(201, false);
    CHECK(streams.find(1) == Known::no);
    CHECK(streams.find(3) == Known::reset_by_us);
}
