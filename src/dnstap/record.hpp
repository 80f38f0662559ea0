// SPDX-License-Identifier: MIT
// One message that came or left, as dnstap tells it, and how it lies in a ring: facts of a fixed size, behind them the
// zone and the message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dns/message.hpp"
#include "net/address.hpp"

namespace dproxy::dnstap {

/// With the numbers of Message.Type in dnstap.proto.
enum class Kind : std::uint8_t {
    client_query = 5,
    client_response = 6,
    forwarder_query = 7,
    forwarder_response = 8,
};

/// With the numbers of SocketProtocol in dnstap.proto.
enum class Protocol : std::uint8_t { udp = 1, tcp = 2, dot = 3, doh = 4 };

/// A view: what it points to is the caller's, or the ring's. Times are those of the monotonic clock.
struct Record {
    Kind kind = Kind::client_query;
    Protocol protocol = Protocol::udp;
    net::Endpoint asking;  ///< a client, or our own socket; `[::]:0`: it is not known
    net::Endpoint asked;   ///< our own socket, or an upstream; the same
    std::uint64_t asked_ns = 0;
    std::uint64_t answered_ns = 0;  ///< of a response
    dns::Bytes zone{};  ///< on the wire: the name of the route's pattern; empty: no route
    dns::Bytes message;

    bool is_response() const { return kind == Kind::client_response || kind == Kind::forwarder_response; }
};

/// What it takes in a ring.
std::size_t bytes_of(const Record& record);
/// `out` has bytes_of(record) bytes.
void write(const Record& record, std::span<std::uint8_t> out);
/// What write() made; it points into `bytes`.
Record read(std::span<const std::uint8_t> bytes);

}  // namespace dproxy::dnstap
