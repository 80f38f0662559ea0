// SPDX-License-Identifier: MIT
#include "queries/client.hpp"

#include "catch.hpp"

namespace dproxy::proxy {

namespace {

Client client_by(Transport transport) {
    Client client;
    client.transport = transport;
    client.source = io::SocketAddress(*net::Endpoint::parse("192.0.2.1", 53));
    return client;
}

}  // namespace

TEST_CASE("a handshake or a cookie proves where a client is", "[client]") {
    Client client = client_by(Transport::udp);
    CHECK_FALSE(client.is_source_proved());
    client.has_cookie = true;
    CHECK(client.is_source_proved());
    CHECK(client_by(Transport::tcp).is_source_proved());
}

TEST_CASE("limits count a client with others that may be the same as far as its source is not proved", "[client]") {
    const net::Address address = net::Address::v4(192, 0, 2, 1);
    Client client = client_by(Transport::udp);
    CHECK(network_of(client) == net::ClientNetwork::claimed(address));
    client.has_cookie = true;
    CHECK(network_of(client) == net::ClientNetwork::proven(address));
    CHECK(network_of(client_by(Transport::tcp)) == net::ClientNetwork::proven(address));
}

TEST_CASE("each transport has what follows from it", "[client]") {
    const Arrival& udp = client_by(Transport::udp).arrival();
    CHECK(udp.size_limited);
    CHECK(udp.transfers == ZoneTransfer::as_queries);
    CHECK_FALSE(udp.has_idle_time);
    CHECK(udp.natural == Carriage::datagram);
    CHECK(udp.proxy_transport == net::ProxyTransport::datagram);
    const Arrival& tcp = client_by(Transport::tcp).arrival();
    CHECK_FALSE(tcp.size_limited);
    CHECK(tcp.transfers == ZoneTransfer::in_messages);
    CHECK(tcp.has_idle_time);
    CHECK(tcp.natural == Carriage::stream);
    CHECK(tcp.proxy_transport == net::ProxyTransport::stream);
    const Arrival& https = client_by(Transport::https).arrival();
    CHECK(https.over_tls);
    CHECK(https.over_http);
    CHECK(https.transfers == ZoneTransfer::refused);
    CHECK(https.natural == Carriage::datagram_first);
    CHECK_FALSE(https.has_idle_time);
    const Arrival& http = client_by(Transport::http).arrival();
    CHECK_FALSE(http.over_tls);
    CHECK(http.encrypted);
}

}  // namespace dproxy::proxy
