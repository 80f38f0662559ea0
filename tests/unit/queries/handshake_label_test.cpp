// SPDX-License-Identifier: MIT
#include "queries/handshake_label.hpp"

#include "catch.hpp"

using namespace dproxy;
using proxy::handshake_label;
using telemetry::Handshake;

TEST_CASE("each end is counted as what it was", "[handshake_label]") {
    CHECK(handshake_label(io::FilterFault::none) == Handshake::closed);
    CHECK(handshake_label(io::FilterFault::peer_certificate) == Handshake::peer_certificate);
    CHECK(handshake_label(io::FilterFault::no_certificate) == Handshake::no_certificate);
    CHECK(handshake_label(io::FilterFault::agreement) == Handshake::agreement);
    CHECK(handshake_label(io::FilterFault::malformed) == Handshake::malformed);
    CHECK(handshake_label(io::FilterFault::alert) == Handshake::alert);
    CHECK(handshake_label(io::FilterFault::flood) == Handshake::flood);
}
