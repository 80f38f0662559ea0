// SPDX-License-Identifier: MIT
// Limits of what is kept of one upstream in one worker; those that operators set are in RouteSettings.
#pragma once

#include <cstddef>
#include <cstdint>

#include "queries/limits.hpp"
#include "routing/risked_queries.hpp"

namespace dproxy::proxy {

// UDP towards one upstream, in one worker.
inline constexpr std::size_t usual_sockets = 4;          ///< in rotation:
inline constexpr std::uint64_t socket_turn_ns = second_ns / 1000;  ///< queries of this time leave by one of them
inline constexpr std::uint64_t open_pause_ns = second_ns / 20;  ///< after one could not be opened for want of something
inline constexpr std::size_t max_sockets = 64;           ///< more are opened when IDs run short
inline constexpr std::uint64_t socket_age_ns = 50 * second_ns;         ///< then a socket is replaced,
inline constexpr std::uint64_t socket_age_jitter_ns = 20 * second_ns;  ///< up to this much later
inline constexpr std::uint64_t socket_idle_ns = 60 * second_ns;
inline constexpr std::uint64_t late_reply_ns = 5 * second_ns;  ///< a socket that was replaced is read this much longer
inline constexpr std::uint64_t replace_interval_ns = second_ns;  ///< in it, at most usual_sockets are replaced early
/// An upstream that refused a query because of the client's network in it (`client_subnet`) gets none for so long.
inline constexpr std::uint64_t no_subnet_ns = 600 * second_ns;
/// An upstream that answered BADCOOKIE is asked over TCP for so long.
inline constexpr std::uint64_t insists_on_cookies_ns = 600 * second_ns;
/// Attempts on one link that ran out of time in a row, with nothing heard between: the link is replaced.
inline constexpr std::uint32_t timeouts_to_dark = 2;
/// Messages to one socket that fit nothing, beyond which somebody guesses: besides one for each query that was given
/// up and one for so many that were answered, which come late or twice.
inline constexpr std::uint64_t max_unexpected_replies = 256;
inline constexpr std::uint64_t replies_for_one_unexpected = 16;

// TCP towards one upstream, in one worker.
inline constexpr std::size_t max_streams = 64;
inline constexpr std::size_t queries_per_stream = 16;
inline constexpr std::size_t stream_queue_bytes = 64 * 1024;  ///< not yet taken by the server: no more is queued then
inline constexpr std::size_t max_waiting_for_stream = 1024;
inline constexpr std::uint64_t stream_idle_ns = 8 * second_ns;
/// Queries in a connection's life. Some servers close after 128, with queries on their way.
inline constexpr std::uint32_t queries_in_stream_life = 100;
inline constexpr std::uint64_t replies_of_a_good_stream = 32;  ///< its end says nothing about pipelining
inline constexpr std::uint64_t one_at_a_time_ns = 60 * second_ns;

// The same where they are encrypted: a handshake costs many times what a query does.
inline constexpr std::uint32_t queries_in_encrypted_life = 10'000;
inline constexpr std::uint64_t encrypted_idle_ns = 30 * second_ns;
inline constexpr std::uint64_t handshake_patience_ns = 5 * second_ns;  ///< then a connection for nobody is given up
inline constexpr std::uint64_t handshake_pause_ns = second_ns / 2;     ///< after one that failed
/// Where the first connection of a route's was not to be had, it is tried again so late, or by the first query.
inline constexpr std::uint64_t ahead_interval_ns = 10 * second_ns;
/// Of one HTTPS connection: requests that were given up and are still waited for. With more, the oldest is reset.
inline constexpr std::size_t streams_left_open = 16;
inline constexpr std::uint32_t max_opened_ahead = 32;  ///< connections that nobody asked for yet, in a second

// The same where the upstream is sent client addresses (PROXY protocol): a connection is one client's then.
inline constexpr std::size_t max_client_streams = 1024;  ///< when all are taken, the longest idle makes room
inline constexpr std::uint64_t udp_client_stream_idle_ns = 2 * second_ns;  ///< few ask twice from one port

// Queries that are sent to an upstream that may be down, to find out; each worker.
/// Where probes say that all of the route are down: a few.
inline constexpr routing::RiskLimits risk_against_probes{second_ns / 2, 1, 8};
/// Where only queries that timed out say so, it may be what was asked for.
inline constexpr routing::RiskLimits risk_against_timeouts{4 * second_ns, 32, 64};
/// Where others are up, and no probe will tell that it is back: twice in an eighth of the time that it has been silent,
/// within these bounds.
inline constexpr std::uint64_t shortest_risk_gap_ns = second_ns / 2;
inline constexpr std::uint64_t longest_risk_gap_ns = 5 * second_ns;
inline constexpr std::uint64_t risk_gap_share = 8;
/// Attempts out of time with no message since: others of the route are asked first. Not yet down, see Prober.
inline constexpr std::uint32_t overdue_to_silent = 3;
/// A time-out counts for `health = passive` when nothing has come for this long although something was asked.
inline constexpr std::uint64_t passive_patience_ns = second_ns;

/// Batches read from one socket before the others have their turn.
inline constexpr int batches_per_turn = 4;

}  // namespace dproxy::proxy
