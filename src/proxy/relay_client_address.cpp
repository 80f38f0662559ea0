// SPDX-License-Identifier: MIT
// The part of the relay that tells upstreams who asks: `client_subnet` and `proxy_protocol`.
#include <array>

#include "dns/client_subnet.hpp"
#include "proxy/relay.hpp"
#include "proxy/upstream_stream.hpp"

namespace dproxy::proxy {

static_assert(net::proxy_header_capacity <= preface_room);

QueryIndex Relay::store(dns::Bytes message, const dns::Query& query, const Client& client,
                        const routing::RouteSettings& settings) {
    // A zone is the same for everybody, and whoever fetches one compares it to the byte.
    const bool adds_subnet = settings.client_subnet && !query.is_transfer();
    const std::size_t growth = adds_subnet ? dns::client_subnet_growth : 0;
    const QueryIndex index = queries_.take(message, growth);
    if (index == no_query) return index;
    if (adds_subnet) {
        const auto with = dns::add_client_subnet(message, query, client.peer.address(), queries_.room(index, growth));
        if (with.added != dns::AddedSubnet::nothing) {
            queries_[index].added_subnet = with.added;
            queries_.set_length(index, with.length);
        }
    }
    if (settings.proxy_protocol) {
        std::array<std::uint8_t, net::proxy_header_capacity> room;
        queries_.set_preface(index, proxy_header(client, settings, room));
    }
    return index;
}

dns::Bytes Relay::proxy_header(const Client& client, const routing::RouteSettings& settings,
                               std::span<std::uint8_t, net::proxy_header_capacity> room) const {
    if (!settings.proxy_protocol) return {};
    // It tells of the transport that it stands on: servers take no datagram's header on a connection for granted.
    const bool by_datagram = client.is_udp() && settings.protocol == routing::Protocol::udp;
    const auto transport = by_datagram ? net::ProxyTransport::datagram : net::ProxyTransport::stream;
    const net::Endpoint asked = client.is_udp() ? udp_.asked(client) : tcp_.asked(client);
    return room.first(
        net::write_proxy_header(net::ProxyCommand::proxy, transport, client.peer.endpoint(), asked, room));
}

void Relay::on_client_gone(const Client& client) {
    transfers_.on_client_gone(client);
    for (UpstreamStream* stream : context_.client_streams.of(client.serial)) stream->client_gone();
}

}  // namespace dproxy::proxy
