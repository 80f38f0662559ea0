// SPDX-License-Identifier: MIT
// The side of clients that come on connections, whatever those carry messages by: those of one worker, with limits.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "clients/client_connection.hpp"
#include "clients/client_listener.hpp"
#include "clients/client_side.hpp"
#include "clients/connection_context.hpp"
#include "dns/reply.hpp"
#include "io/stream_filter.hpp"

namespace dproxy::proxy {

/// One thread; the limits are shared. A ClientSide.
class StreamClients final : private ConnectionHolder {
public:
    StreamClients(boost::asio::io_context& io, telemetry::WorkerCounters& counters, const WorkerOptions& options,
                  TcpLimits& limits);
    ~StreamClients();

    void set_handler(QueryHandler& handler) { context_.handler = &handler; }
    /// `transport`: what its connections carry messages by.
    void listen(Transport transport, io::Fd socket);
    /// For the encrypted connections from now on; none: they are refused.
    void adopt(io::FilterSources filters) { filters_ = std::move(filters); }

    dns::MutableBytes room(const Client&) { return room_; }
    bool answer(const Client& client, dns::Bytes message);
    void done(const Client& client);
    std::size_t queued_bytes(const Client& client) const;
    net::Endpoint asked(const Client& client) const;
    void cut(const Client& client);

    /// Most connections write by themselves, once a turn.
    void flush() {
        if (!context_.to_flush.empty()) flush_connections();
    }
    /// With answers not yet taken and what came of messages that are not whole.
    std::size_t held_bytes() const { return context_.meter->held(); }
    void for_each_held(const VisitHeld& visit) const;
    void maintain();
    void stop_reading();
    bool drained();

private:
    void accept(Transport transport, Newcomer newcomer);
    std::unique_ptr<ClientConnection> make(const Client& client, Admitted admitted, Newcomer newcomer,
                                           std::unique_ptr<io::StreamFilter> filter);
    /// A proxy whose word on whom it asks for is taken.
    bool is_trusted_proxy(Transport transport, const net::Address& peer) const;
    /// Counted with the limits of connections; false where they refuse it.
    bool admit(const io::Fd& socket, const net::ClientNetwork& network, TcpLimits::Share share);
    /// The same of the limits of handshakes.
    bool admit_handshake(const net::ClientNetwork& network);
    /// Ends the oldest handshake of whoever has most under way.
    void make_room_for_handshake();
    /// Closes connections of whoever has most; false when there is none to close.
    bool make_room();
    ClientConnection* find(const Client& client) const;
    void on_end(ClientConnection& connection) override { remove(connection); }
    void remove(ClientConnection& connection);
    void flush_connections();

    ConnectionContext context_;
    io::FilterSources filters_;
    std::vector<std::unique_ptr<ClientListener>> listeners_;
    std::vector<std::unique_ptr<ClientConnection>> connections_;  ///< by Client::connection; empty places are reused
    std::vector<std::uint32_t> free_places_;
    std::size_t drained_before_ = 0;  ///< places; what has been taken stays so, as nothing is added at the end
    std::array<std::uint8_t, dns::own_answer_capacity> room_{};  ///< an answer is copied when it is queued
};

}  // namespace dproxy::proxy
