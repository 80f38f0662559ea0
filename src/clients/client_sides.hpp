// SPDX-License-Identifier: MIT
// Held by tests/integration/test_client_tcp.py and tests/integration/test_local_answers.py.
// All sides towards clients of one worker, as one: what concerns a client goes to the side that it came by.
#pragma once

#include "clients/client_side.hpp"
#include "clients/stream_clients.hpp"
#include "clients/udp_clients.hpp"

namespace dproxy::proxy {

static_assert(ClientSide<UdpClients> && ClientSide<StreamClients>);

/// One thread. The methods are those of ClientSide.
class ClientSides {
    /// The one place that knows which side serves which transport: a branch that is predicted.
    template <typename Sides, typename Call>
    static auto with_side(Sides& sides, Transport transport, const Call& call) {
        switch (transport) {
            case Transport::udp: return call(sides.udp_);
            case Transport::tcp:
            case Transport::tls:
            case Transport::https:
            case Transport::http: break;
        }
        return call(sides.streams_);
    }
    template <typename Call>
    void for_each(const Call& call) {
        call(udp_);
        call(streams_);
    }

public:
    ClientSides(boost::asio::io_context& io, telemetry::WorkerCounters& counters, const WorkerOptions& options,
                TcpLimits& limits, io::ReceiveBatch& received)
        : udp_(io, counters, options, received), streams_(io, counters, options, limits) {}

    void set_handler(QueryHandler& handler) {
        for_each([&](auto& side) { side.set_handler(handler); });
    }
    /// Begins to read a bound socket.
    void listen(Transport transport, io::Fd socket) {
        with_side(*this, transport, [&](auto& side) { side.listen(transport, std::move(socket)); });
    }

    /// What the connections of clients that come encrypted from now on are encrypted by; none: they are refused.
    void adopt(io::FilterSources filters) { streams_.adopt(std::move(filters)); }

    dns::MutableBytes room(const Client& client) {
        return with_side(*this, client.transport, [&](auto& side) { return side.room(client); });
    }
    bool answer(const Client& client, dns::Bytes message) {
        return with_side(*this, client.transport, [&](auto& side) { return side.answer(client, message); });
    }
    void done(const Client& client) {
        with_side(*this, client.transport, [&](auto& side) { side.done(client); });
    }
    std::size_t queued_bytes(const Client& client) const {
        return with_side(*this, client.transport, [&](auto& side) { return side.queued_bytes(client); });
    }
    net::Endpoint asked(const Client& client) const {
        return with_side(*this, client.transport, [&](auto& side) { return side.asked(client); });
    }
    void cut(const Client& client) {
        with_side(*this, client.transport, [&](auto& side) { side.cut(client); });
    }

    void flush() {
        for_each([](auto& side) { side.flush(); });
    }
    std::size_t held_bytes() const { return udp_.held_bytes() + streams_.held_bytes(); }
    void for_each_held(const VisitHeld& visit) const {
        udp_.for_each_held(visit);
        streams_.for_each_held(visit);
    }
    void maintain() {
        for_each([](auto& side) { side.maintain(); });
    }
    void stop_reading() {
        for_each([](auto& side) { side.stop_reading(); });
    }
    bool drained() { return udp_.drained() && streams_.drained(); }

private:
    UdpClients udp_;
    StreamClients streams_;
};

}  // namespace dproxy::proxy
