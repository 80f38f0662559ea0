// SPDX-License-Identifier: MIT
// What the relay needs of a side towards clients, by whatever they come. A concept, no base class: each side is held as
// what it is (ClientSides), so that a UDP query costs no virtual call.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "clients/query_handler.hpp"
#include "dns/message.hpp"
#include "net/address.hpp"
#include "queries/client.hpp"

namespace dproxy::proxy {

/// Is called with a client, the time since when nothing moved, and the bytes that are kept for it.
using VisitHeld = std::function<void(const Client&, std::uint64_t since_ns, std::size_t bytes)>;

template <typename Side>
concept ClientSide = requires(Side side, const Side& seen, const Client& client, dns::Bytes message,
                              QueryHandler& handler, const VisitHeld& visit) {
    side.set_handler(handler);
    /// Room for one answer that is made here, dns::own_answer_capacity or more: taken, filled, given to answer().
    { side.room(client) } -> std::same_as<dns::MutableBytes>;
    /// False when the client is gone. The bytes must stay until flush().
    { side.answer(client, message) } -> std::same_as<bool>;
    /// A query of this client that was in flight has come to its end, answered or not.
    side.done(client);
    /// Bytes of answers that the client has yet to take; 0 when it is gone.
    { seen.queued_bytes(client) } -> std::same_as<std::size_t>;
    /// The address and port that the client asked; 0.0.0.0:0 when it is gone.
    { seen.asked(client) } -> std::same_as<net::Endpoint>;
    /// Ends the client's connection at once; the handler is told later that it is gone.
    side.cut(client);

    /// Answers leave.
    side.flush();
    /// Memory that is kept for clients, and for which of them.
    { seen.held_bytes() } -> std::same_as<std::size_t>;
    seen.for_each_held(visit);
    /// Within a turn, each second: what has had no progress goes.
    side.maintain();
    /// Takes what has come, and then no new client and no new query. Opens turns of its own.
    side.stop_reading();
    /// After that: whether every client has taken all that it was answered, and nothing more comes.
    { side.drained() } -> std::same_as<bool>;
};

}  // namespace dproxy::proxy
