// SPDX-License-Identifier: MIT
// Held by tests/integration/test_client_tcp.py, tests/integration/test_client_tcp_limits.py and
// tests/integration/test_tcp_slots.py.
#include "clients/stream_clients.hpp"

#include <algorithm>

#include "clients/http_connection.hpp"
#include "clients/limits.hpp"
#include "clients/message_connection.hpp"
#include "queries/turn.hpp"
#include "routing/giving_way.hpp"

namespace dproxy::proxy {

using telemetry::Handshake;
using telemetry::Rejection;

StreamClients::StreamClients(boost::asio::io_context& io, telemetry::WorkerCounters& counters,
                             const WorkerOptions& options, TcpLimits& limits)
    : context_{io, counters, options, limits, *this} {}

StreamClients::~StreamClients() = default;

void StreamClients::listen(Transport transport, io::Fd socket) {
    listeners_.push_back(std::make_unique<ClientListener>(
        context_.io, std::move(socket), context_.options, context_.counters, context_.meter,
        [this, transport](Newcomer newcomer) { accept(transport, std::move(newcomer)); }));
}

void StreamClients::accept(Transport transport, Newcomer newcomer) {
    const Turn turn(*context_.handler);
    const net::Address source = newcomer.source.address();
    // Whoever asks for others is let in; for whom it asks is judged with each query.
    const bool is_proxy = is_trusted_proxy(transport, source);
    const WorkerOptions& options = context_.options;
    if (!is_proxy && !options.allow_all && !options.allow.contains(source)) {
        context_.counters.rejected[Rejection::not_allowed].add();
        return;
    }
    const Arrival& arrival = arrival_by(transport);
    const auto& filters = arrival.over_http ? filters_.of_http : filters_.of_messages;
    if (arrival.over_tls && !filters) return context_.handshakes.refuse();
    const auto network = net::ClientNetwork::proven(source);
    const auto share = is_proxy ? TcpLimits::Share::of_many : TcpLimits::Share::of_one_client;
    if (!admit(newcomer.connection, network, share)) return;
    // Given back by whoever holds it where there is no memory for what follows.
    Admitted admitted(context_.limits, network);
    auto filter = arrival.over_tls ? filters->make() : nullptr;
    if (arrival.over_tls) {
        if (!admit_handshake(network)) return;
        admitted.begin_handshake(context_.handshakes);
    }
    if (free_places_.empty()) {
        connections_.emplace_back();
        free_places_.reserve(connections_.capacity());  // so that remove() never needs memory
        free_places_.push_back(static_cast<std::uint32_t>(connections_.size() - 1));
    }
    Client client;
    client.transport = transport;
    client.source = newcomer.source;
    client.connection = free_places_.back();
    client.serial = context_.next_serial();
    connections_[client.connection] = make(client, std::move(admitted), std::move(newcomer), std::move(filter));
    free_places_.pop_back();
}

std::unique_ptr<ClientConnection> StreamClients::make(const Client& client, Admitted admitted, Newcomer newcomer,
                                                      std::unique_ptr<io::StreamFilter> filter) {
    if (client.arrival().over_http) {
        return std::make_unique<HttpConnection>(context_, client, std::move(admitted), std::move(newcomer),
                                                std::move(filter));
    }
    return std::make_unique<MessageConnection>(context_, client, std::move(admitted), std::move(newcomer),
                                               std::move(filter));
}

bool StreamClients::is_trusted_proxy(Transport transport, const net::Address& peer) const {
    return arrival_by(transport).over_http && context_.options.http.trusted_proxies.contains(peer);
}

bool StreamClients::admit(const io::Fd& socket, const net::ClientNetwork& network, TcpLimits::Share share) {
    TcpLimits& limits = context_.limits;
    auto admission = limits.admit(network, share);
    if (admission == TcpLimits::Admission::admitted && socket.get() >= context_.options.first_reserved_descriptor) {
        limits.leave(network);
        admission = TcpLimits::Admission::too_many;
    }
    if (admission == TcpLimits::Admission::too_many && make_room()) {
        admission = limits.admit(network, share);
    }
    if (admission == TcpLimits::Admission::admitted) return true;
    const bool of_client = admission == TcpLimits::Admission::too_many_of_client;
    context_.counters.rejected[of_client ? Rejection::tcp_connections_per_client : Rejection::tcp_connections].add();
    return false;
}

bool StreamClients::admit_handshake(const net::ClientNetwork& network) {
    auto admission = context_.handshakes.admit(network);
    if (admission == Handshakes::Admission::too_many) {
        make_room_for_handshake();
        admission = context_.handshakes.admit(network);
    }
    if (admission == Handshakes::Admission::admitted) return true;
    context_.counters.rejected[Rejection::tls_handshakes_per_client].add();
    return false;
}

void StreamClients::make_room_for_handshake() {
    std::vector<routing::Holding> holdings;
    for (const auto& connection : connections_) {
        if (!connection || !connection->is_handshaking()) continue;
        holdings.push_back({connection->network(), connection->began_ns(), 1, connection->client().connection});
    }
    for (const std::uint32_t place : routing::who_gives_way(std::move(holdings), 1)) {
        context_.counters.rejected[Rejection::tls_handshakes].add();
        connections_[place]->end_handshake(Handshake::gave_way);
        remove(*connections_[place]);
    }
}

/// Connections of other workers are not looked at: by chance each has its share of everybody's.
bool StreamClients::make_room() {
    std::vector<routing::Holding> holdings;
    for (const auto& connection : connections_) {
        if (!connection) continue;
        holdings.push_back({connection->network(), connection->idle_since_ns(), 1, connection->client().connection});
    }
    const std::uint64_t wanted = std::max(1u, context_.limits.most() / part_of_connections_to_close);
    const auto giving_way = routing::who_gives_way(std::move(holdings), wanted);
    for (const std::uint32_t place : giving_way) {
        context_.counters.rejected[Rejection::tcp_connections].add();
        remove(*connections_[place]);
    }
    return !giving_way.empty();
}

ClientConnection* StreamClients::find(const Client& client) const {
    if (client.connection >= connections_.size()) return nullptr;
    ClientConnection* connection = connections_[client.connection].get();
    if (!connection || connection->is_cut() || connection->client().serial != client.serial) return nullptr;
    return connection;
}

void StreamClients::remove(ClientConnection& connection) {
    const Client client = connection.client();
    free_places_.push_back(client.connection);
    connections_[client.connection].reset();
    context_.handler->on_client_gone(client);
}

bool StreamClients::answer(const Client& client, dns::Bytes message) {
    ClientConnection* connection = find(client);
    return connection && connection->answer(client, message);
}

void StreamClients::done(const Client& client) {
    if (ClientConnection* connection = find(client)) connection->done(client);
}

std::size_t StreamClients::queued_bytes(const Client& client) const {
    const ClientConnection* connection = find(client);
    return connection ? connection->queued_bytes() : 0;
}

net::Endpoint StreamClients::asked(const Client& client) const {
    ClientConnection* connection = find(client);
    return connection ? connection->asked() : net::Endpoint{};
}

void StreamClients::cut(const Client& client) {
    if (ClientConnection* connection = find(client)) connection->cut();
}

void StreamClients::for_each_held(const VisitHeld& visit) const {
    for (const auto& connection : connections_) {
        if (!connection || connection->is_cut()) continue;
        visit(connection->client(), connection->moved_ns(), connection->held_bytes());
    }
}

void StreamClients::maintain() {
    for (const auto& listener : listeners_) listener->maintain(context_.now_ns());
    for (std::size_t place = 0; place < connections_.size(); ++place) {
        ClientConnection* connection = connections_[place].get();
        if (!connection) continue;
        if (!connection->is_cut() && !connection->check_progress()) connection->expire();
        if (connection->is_handshaking() && context_.now_ns() - connection->began_ns() >= longest_handshake_ns) {
            connection->end_handshake(Handshake::timeout);
            connection->cut();
        }
        if (connection->is_cut()) remove(*connection);
    }
}

void StreamClients::flush_connections() {
    while (!context_.to_flush.empty()) {
        ClientConnection* connection = context_.to_flush.back();
        context_.to_flush.pop_back();
        connection->flush();
    }
}

bool StreamClients::drained() {
    for (; drained_before_ < connections_.size(); ++drained_before_) {
        const auto& connection = connections_[drained_before_];
        if (connection && !connection->is_cut() && !connection->drained()) return false;
    }
    return true;
}

void StreamClients::stop_reading() {
    const Turn turn(*context_.handler);
    listeners_.clear();
    for (std::size_t place = 0; place < connections_.size(); ++place) {
        if (connections_[place]) connections_[place]->finish();
    }
}

}  // namespace dproxy::proxy
