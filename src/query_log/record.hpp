// SPDX-License-Identifier: MIT
// What is known of an answered query, and how it lies in a ring: facts of a fixed size, and behind them parts of any
// length, each of which may be empty. A consumer that wants more of a query (its message, its answer) adds a part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "dns/message.hpp"
#include "net/address.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::query_log {

/// A view: what it points to is the caller's, or the ring's. Times are those of the monotonic clock.
struct Record {
    std::uint64_t asked_ns = 0;
    std::uint64_t answered_ns = 0;
    net::Endpoint client;
    telemetry::Transport transport = telemetry::Transport::udp;
    bool has_question = false;  ///< type and name; else the message had none that can be read
    std::uint16_t type = 0;
    dns::Bytes name;            ///< on the wire, in the client's case or the upstream's
    std::string_view route;     ///< as metrics call it; at most max_route_bytes
    std::optional<net::Endpoint> upstream;  ///< that answered, or, where none did, was asked last
    std::uint8_t attempts = 0;
    std::uint16_t rcode = 0;    ///< with its upper bits
    std::optional<std::uint16_t> error;  ///< INFO-CODE of the Extended DNS Error (RFC 8914)
    std::uint32_t bytes = 0;    ///< of the answer
    telemetry::Source source = telemetry::Source::upstream;
};

/// What it takes in a ring.
std::size_t bytes_of(const Record& record);
/// `out` has bytes_of(record) bytes.
void write(const Record& record, std::span<std::uint8_t> out);
/// What write() made; it points into `bytes`.
Record read(std::span<const std::uint8_t> bytes);

}  // namespace dproxy::query_log
