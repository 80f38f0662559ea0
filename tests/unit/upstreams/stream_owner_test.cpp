// SPDX-License-Identifier: MIT
#include "upstreams/stream_owner.hpp"

#include <vector>

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::proxy;
using Octets = std::vector<std::uint8_t>;

namespace {

Client over(Transport transport, std::uint32_t serial) {
    Client client;
    client.transport = transport;
    client.serial = serial;
    return client;
}

const Client udp_client = over(Transport::udp, 0);

}  // namespace

TEST_CASE("without a header a connection is anybody's", "[stream_owner]") {
    const StreamOwner anybody;
    CHECK(StreamOwner(udp_client, {}) == anybody);
    CHECK(StreamOwner(over(Transport::tcp, 7), {}) == anybody);
    CHECK_FALSE(anybody.outlives_client());
    CHECK(anybody.header().empty());
}

TEST_CASE("with a header it is one client's, and over TCP one connection's", "[stream_owner]") {
    const Octets header{1, 2, 3};
    const StreamOwner owner(over(Transport::tcp, 7), header);
    CHECK(owner == StreamOwner(over(Transport::tcp, 7), header));
    CHECK(StreamOwner::Hash()(owner) == StreamOwner::Hash()(StreamOwner(over(Transport::tcp, 7), header)));
    CHECK_FALSE(owner == StreamOwner(over(Transport::tcp, 8), header));
    CHECK_FALSE(owner == StreamOwner(over(Transport::tcp, 7), Octets{1, 2}));
    CHECK_FALSE(owner == StreamOwner(udp_client, header));
    CHECK_FALSE(owner.outlives_client());
    CHECK(StreamOwner(udp_client, header).outlives_client());
    CHECK(Octets(owner.header().begin(), owner.header().end()) == header);
}
