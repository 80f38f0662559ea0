// SPDX-License-Identifier: MIT
#include "clients/admitted.hpp"

#include "catch.hpp"

using namespace dproxy::proxy;
using dproxy::net::Address;
using dproxy::net::ClientNetwork;
using dproxy::telemetry::Handshake;
using dproxy::telemetry::Side;

namespace {

const ClientNetwork client = ClientNetwork::proven(*Address::parse("192.0.2.1"));

struct Fixture {
    Admitted admit() {
        REQUIRE(limits.admit(client) == TcpLimits::Admission::admitted);
        return {limits, client};
    }
    bool is_full() {
        const bool full = limits.admit(client) != TcpLimits::Admission::admitted;
        if (!full) limits.leave(client);
        return full;
    }
    std::uint64_t ended(Handshake how) const {
        return counters.tls_handshakes[static_cast<std::size_t>(Side::client)][how].value();
    }
    dproxy::telemetry::WorkerCounters counters{3, 1};
    TcpLimits limits{1, 1};
    Handshakes handshakes{counters};
};

}  // namespace

TEST_CASE("a place is given back once, by who holds it last", "[admitted]") {
    Fixture fixture;
    {
        Admitted first = fixture.admit();
        CHECK(fixture.is_full());
        {
            const Admitted second = std::move(first);
            CHECK(fixture.is_full());
        }
        CHECK_FALSE(fixture.is_full());
    }
    CHECK_FALSE(fixture.is_full());
}

TEST_CASE("a handshake is counted once, as what it was", "[admitted]") {
    Fixture fixture;
    {
        Admitted admitted = fixture.admit();
        CHECK_FALSE(admitted.is_handshaking());
        REQUIRE(fixture.handshakes.admit(client) == Handshakes::Admission::admitted);
        admitted.begin_handshake(fixture.handshakes);
        admitted.count_handshake_as(Handshake::timeout);
        Admitted other = std::move(admitted);
        CHECK(other.is_handshaking());
    }
    CHECK(fixture.ended(Handshake::timeout) == 1);
    {
        Admitted admitted = fixture.admit();
        REQUIRE(fixture.handshakes.admit(client) == Handshakes::Admission::admitted);
        admitted.begin_handshake(fixture.handshakes);
        admitted.end_handshake(Handshake::ok);
        CHECK_FALSE(admitted.is_handshaking());
    }
    CHECK(fixture.ended(Handshake::ok) == 1);
    CHECK(fixture.ended(Handshake::closed) == 0);
}
