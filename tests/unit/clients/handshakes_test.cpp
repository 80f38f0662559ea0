// SPDX-License-Identifier: MIT
#include "clients/handshakes.hpp"

#include "catch.hpp"
#include "clients/limits.hpp"

using namespace dproxy;
using namespace dproxy::proxy;
using Admission = Handshakes::Admission;
using telemetry::Handshake;
using telemetry::Side;

namespace {

net::ClientNetwork client(std::uint32_t number) {
    return net::ClientNetwork::proven(net::Address::v4(10, static_cast<std::uint8_t>(number >> 16),
                                                       static_cast<std::uint8_t>(number >> 8),
                                                       static_cast<std::uint8_t>(number)));
}

struct Counted {
    telemetry::WorkerCounters counters{4, 4};
    Handshakes handshakes{counters};

    std::uint64_t ended(Handshake how) const { return counters.tls_handshakes[0][how].value(); }
    std::uint64_t under_way() const { return counters.tls_handshaking[Side::client].value(); }
};

}  // namespace

TEST_CASE("one client has a few handshakes under way, and others have theirs", "[handshakes]") {
    Counted counted;
    for (std::uint32_t i = 0; i < most_handshakes_of_client; ++i) {
        CHECK(counted.handshakes.admit(client(1)) == Admission::admitted);
    }
    CHECK(counted.handshakes.admit(client(1)) == Admission::too_many_of_client);
    CHECK(counted.handshakes.admit(client(2)) == Admission::admitted);
    counted.handshakes.end(client(1), Handshake::ok);
    CHECK(counted.handshakes.admit(client(1)) == Admission::admitted);
    CHECK(counted.under_way() == most_handshakes_of_client + 1);
}

TEST_CASE("all clients together have so many, and each that ends makes room", "[handshakes]") {
    Counted counted;
    for (std::uint32_t i = 0; i < most_handshakes; ++i) {
        CHECK(counted.handshakes.admit(client(i)) == Admission::admitted);
    }
    CHECK(counted.handshakes.admit(client(most_handshakes)) == Admission::too_many);
    counted.handshakes.end(client(7), Handshake::gave_way);
    CHECK(counted.handshakes.admit(client(most_handshakes)) == Admission::admitted);
    for (std::uint32_t i = 0; i <= most_handshakes; ++i) {
        if (i != 7) counted.handshakes.end(client(i), Handshake::closed);
    }
    CHECK(counted.under_way() == 0);
    CHECK(counted.ended(Handshake::closed) == most_handshakes);
    CHECK(counted.ended(Handshake::gave_way) == 1);
}

TEST_CASE("each end is counted as what it was", "[handshakes]") {
    Counted counted;
    counted.handshakes.refuse();
    CHECK(counted.ended(Handshake::no_certificate) == 1);
    counted.handshakes.note_resumed();
    CHECK(counted.counters.tls_resumptions[Side::client].value() == 1);
}
