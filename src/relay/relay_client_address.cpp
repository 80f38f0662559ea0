// SPDX-License-Identifier: MIT
// The part of the relay that tells upstreams who asks: `client_subnet` and `proxy_protocol`.
// Held by tests/integration/test_client_subnet.py, tests/integration/test_proxy_protocol.py.
#include <algorithm>
#include <array>

#include "dns/client_subnet.hpp"
#include "queries/limits.hpp"
#include "relay/relay.hpp"
#include "upstreams/stream_carrier.hpp"
#include "upstreams/stream_link.hpp"

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
        dns::MutableBytes room = queries_.room(index, growth);
        const bool by_stream = leaves_by_stream(client.arrival(), message.size());
        if (!by_stream) room = room.first(std::min(room.size(), dns::max_udp_payload));
        const auto with = dns::add_client_subnet(message, query, client.source.address(), room);
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
    // It tells how the client came, whatever the upstream is asked by.
    return room.first(net::write_proxy_header(net::ProxyCommand::proxy, client.arrival().proxy_transport,
                                              client.source.endpoint(), clients_.asked(client), room));
}

void Relay::take_back_subnet(QueryIndex index) {
    queries_.set_length(index, dns::remove_client_subnet(queries_.message(index), queries_[index].added_subnet));
}

void Relay::on_client_gone(const Client& client) {
    transfers_.on_client_gone(client);
    for (StreamLink* stream : context_.client_streams.of(client.serial)) stream->carrier().client_gone(*stream);
}

}  // namespace dproxy::proxy
