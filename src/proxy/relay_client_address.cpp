// SPDX-License-Identifier: MIT
// The part of the relay that tells upstreams who asks: `client_subnet`.
#include "dns/client_subnet.hpp"
#include "proxy/relay.hpp"

namespace dproxy::proxy {

QueryIndex Relay::store(dns::Bytes message, const dns::Query& query, const Client& client,
                        const routing::RouteSettings& settings) {
    // A zone is the same for everybody, and whoever fetches one compares it to the byte.
    const bool adds_subnet = settings.client_subnet && !query.is_transfer();
    const std::size_t growth = adds_subnet ? dns::client_subnet_growth : 0;
    const QueryIndex index = queries_.take(message, growth);
    if (index == no_query || !adds_subnet) return index;
    const auto with = dns::add_client_subnet(message, query, client.peer.address(), queries_.room(index, growth));
    if (with.added == dns::AddedSubnet::nothing) return index;
    queries_[index].added_subnet = with.added;
    queries_.set_length(index, with.length);
    return index;
}

}  // namespace dproxy::proxy
