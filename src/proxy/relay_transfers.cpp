// SPDX-License-Identifier: MIT
// The part of the relay that concerns zone transfers.
#include <array>

#include "proxy/relay.hpp"

namespace dproxy::proxy {

bool Relay::begin_transfer(dns::MutableBytes message, const dns::Query& query, const Client& client,
                           const Destination& to) {
    TransferRequest request;
    request.client = client;
    request.query = query;
    request.message.assign(message.begin(), message.end());
    std::array<std::uint8_t, net::proxy_header_capacity> room;
    const dns::Bytes header = proxy_header(client, *generations_.current().pools->pools[to.pool].settings, room);
    request.preface.assign(header.begin(), header.end());
    request.generation = &generations_.current();
    request.pool = to.pool;
    request.route = to.route;
    request.route_slot = to.slot;
    request.started_ns = context_.now_ns;
    ++request.generation->inflight;
    ++request.generation->route_inflight[to.route];
    counters_.inflight.add();
    transfers_.begin(std::move(request));
    return true;
}

void Relay::on_transfer_message(const TransferRequest& request, bool first, dns::Bytes message) {
    if (first) {
        answer(request.client, message, request.route_slot, telemetry::Source::upstream, request.started_ns);
    } else if (!tcp_.send(request.client, message)) {
        counters_.dropped[telemetry::Drop::client_gone].add();
    }
}

void Relay::on_transfer_failure(const TransferRequest& request, dns::ExtendedError error) {
    answer_own(request.message, request.query, request.client, fail(telemetry::Rejection::no_upstream, error),
               request.route_slot, request.started_ns);
}

void Relay::on_transfer_end(const TransferRequest& request) {
    counters_.inflight.subtract();
    --request.generation->route_inflight[request.route];
    generations_.left(*request.generation);
    tcp_.query_done(request.client);
}

}  // namespace dproxy::proxy
