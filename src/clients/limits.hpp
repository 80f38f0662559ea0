// SPDX-License-Identifier: MIT
// Limits towards clients; those that operators set are in WorkerOptions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dproxy::proxy {

// Sessions of clients, in one worker.
inline constexpr std::size_t pause_reading_at = 64 * 1024;  ///< bytes of answers not yet taken

// Handshakes of TLS under way, in one worker.
inline constexpr std::uint32_t most_handshakes = 256;
inline constexpr std::uint32_t most_handshakes_of_client = 16;  ///< an address of IPv4, a /64 of IPv6
inline constexpr std::uint64_t longest_handshake_ns = 5'000'000'000;

// Connections from `proxy_from` whose PROXY header has yet to come, in one worker and for each address listened on.
inline constexpr std::size_t most_headers_awaited = 1024;
inline constexpr std::uint64_t longest_header_wait_ns = 5'000'000'000;

/// For which a connection of a trusted proxy may be without a request: longer than load balancers keep theirs (the
/// longest usual time is 10 minutes), so that they end it, not we.
inline constexpr std::uint64_t longest_proxy_idle_ns = 900'000'000'000;

/// A client that has answers to take shows that it is there by taking so much of them.
inline constexpr std::uint64_t bytes_of_progress = 1024;
/// When all connections of clients are taken, this part of them is closed at once.
inline constexpr std::uint32_t part_of_connections_to_close = 64;

/// Zone transfers at one time, in one worker: each has an upstream connection, and up to some 200 KiB of messages.
inline constexpr std::size_t max_transfers = 256;

}  // namespace dproxy::proxy
