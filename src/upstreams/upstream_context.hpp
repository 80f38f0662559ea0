// SPDX-License-Identifier: MIT
// What all upstreams of one worker share.
// Held by tests/unit/upstreams/upstream_socket_test.cpp and tests/unit/upstreams/upstream_stream_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "dnstap/tap.hpp"
#include "io/byte_meter.hpp"
#include "io/datagram_batch.hpp"
#include "io/random_ids.hpp"
#include "publication/publication.hpp"
#include "queries/in_flight.hpp"
#include "routing/upstream_choice.hpp"
#include "upstreams/client_streams.hpp"
#include "upstreams/limits.hpp"
#include "upstreams/link_reports.hpp"

namespace boost::asio {
class io_context;
}

namespace dproxy::proxy {

class Upstream;
class UpstreamSocket;

/// An upstream with which no encrypted connection could be had, or went on, and why.
struct EncryptionFailure {
    std::uint64_t serial = 0;  ///< UpstreamSpec
    std::string reason{};
};

/// Owned by the relay; one thread. Links put themselves on its lists, and take themselves off when they are destroyed.
struct UpstreamContext {
    boost::asio::io_context& io;
    InFlightTable& queries;
    telemetry::WorkerCounters& counters;
    LinkEvents& events;
    io::RandomIds random{};
    io::ReceiveBatch received{};
    io::SendBatch to_send{};
    std::uint64_t now_ns = 0;  ///< of the turn at hand
    dnstap::Tap tap{};         ///< of the worker

    // Of this turn, until the relay has fetched it.
    std::vector<UpstreamSocket*> sockets_to_flush{};
    std::vector<LinkReport> reports{};
    std::vector<EncryptionFailure> encryption_failures{};
    std::vector<Upstream*> with_room{};  ///< a query that waited for a connection of theirs may be sent

    std::uint32_t ahead_left = max_opened_ahead;  ///< connections that may be opened ahead in this second
    std::vector<std::uint8_t> padded{};           ///< room for the query at hand

    int first_reserved_descriptor = std::numeric_limits<int>::max();  ///< no further stream to an upstream has one
    ClientStreams client_streams{};
    std::size_t max_upstream_bytes = static_cast<std::size_t>(-1);  ///< on connections to upstreams
    std::shared_ptr<io::ByteMeter> meter = std::make_shared<io::ByteMeter>();  ///< of these
    std::array<routing::Candidate, max_candidates> candidates{};  ///< of the choice at hand
};

}  // namespace dproxy::proxy
