// SPDX-License-Identifier: MIT
// The part of the relay that concerns zone transfers.
// Held by tests/integration/test_transfers.py.
#include <array>

#include "relay/relay.hpp"

namespace dproxy::proxy {

namespace {

Owed owed_for(const TransferRequest& request) {
    return {.query = request.query,
            .client = request.client,
            .route_slot = request.route_slot,
            .started_ns = request.started_ns,
            .route = request.route,
            .asked = request.asked};
}

}  // namespace

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
    if (client_tap_.is_on()) [[unlikely]] {
        request.zone_length = client_tap_.zone_length(to.route, query.question.name(message));
    }
    request.started_ns = context_.now_ns;
    transfers_.begin(std::move(request));
    return true;
}

void Relay::on_transfer_begin(const TransferRequest& request) {
    ++request.generation->inflight;
    route_inflight_.add(request.route);
    counters_.inflight.add();
}

void Relay::on_transfer_message(const TransferRequest& request, bool first, dns::MutableBytes message) {
    answers_.transferred(owed_for(request), request.message, first, message);
}

void Relay::on_transfer_failure(const TransferRequest& request, dns::ExtendedError error) {
    answers_.judged(owed_for(request), request.message, fail(telemetry::Rejection::no_upstream, error));
}

void Relay::on_transfer_given_way(const TransferRequest& request) {
    answers_.judged(owed_for(request), request.message,
                    fail(telemetry::Rejection::transfer_limit, dns::ExtendedError::none));
}

void Relay::on_transfer_end(const TransferRequest& request) {
    counters_.inflight.subtract();
    route_inflight_.subtract(request.route);
    generations_.left(*request.generation);
    clients_.done(request.client);
}

}  // namespace dproxy::proxy
