// SPDX-License-Identifier: MIT
// The limits of the data path in one place; those that operators set are in Settings.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dproxy::proxy {

inline constexpr std::uint64_t second_ns = 1'000'000'000;

/// A duration of the settings, for comparison with the monotonic clock.
constexpr std::uint64_t nanoseconds_of(std::chrono::milliseconds duration) {
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(duration).count());
}

// UDP towards one upstream, in one worker.
inline constexpr std::size_t usual_sockets = 4;          ///< in rotation:
inline constexpr std::uint64_t socket_turn_ns = second_ns / 1000;  ///< queries of this time leave by one of them
inline constexpr std::size_t max_sockets = 64;           ///< more are opened when IDs run short
inline constexpr std::uint64_t socket_age_ns = 50 * second_ns;         ///< then a socket is replaced,
inline constexpr std::uint64_t socket_age_jitter_ns = 20 * second_ns;  ///< up to this much later
inline constexpr std::uint64_t socket_idle_ns = 60 * second_ns;
inline constexpr std::uint64_t replace_interval_ns = second_ns;  ///< between replacements after time-outs

// TCP towards one upstream, in one worker.
inline constexpr std::size_t max_streams = 64;
inline constexpr std::size_t queries_per_stream = 16;
inline constexpr std::size_t max_waiting_for_stream = 1024;
inline constexpr std::uint64_t stream_idle_ns = 8 * second_ns;
inline constexpr std::uint64_t replies_of_a_good_stream = 32;  ///< its end says nothing about pipelining
inline constexpr std::uint64_t one_at_a_time_ns = 60 * second_ns;

// The same where the upstream is sent client addresses (PROXY protocol): a connection is one client's then.
inline constexpr std::size_t max_client_streams = 1024;  ///< when all are taken, the longest idle makes room
inline constexpr std::uint64_t udp_client_stream_idle_ns = 2 * second_ns;  ///< few ask twice from one port

// TCP clients, in one worker.
inline constexpr std::size_t pause_reading_at = 64 * 1024;          ///< bytes of answers not yet taken
inline constexpr std::size_t max_queued_bytes = 128 * 1024 * 1024;  ///< of all clients together

/// Zone transfers at one time, in one worker: each has an upstream connection, and up to some 200 KiB of messages.
inline constexpr std::size_t max_transfers = 256;

/// An upstream that is down is risked a query this often by each worker, where nobody else is up.
inline constexpr std::uint64_t trial_interval_ns = second_ns / 2;
/// Attempts out of time with no message since: others of the route are asked first. Not yet down, see Prober.
inline constexpr std::uint32_t overdue_to_silent = 3;
/// A time-out counts for `health = passive` when nothing has come for this long although something was asked.
inline constexpr std::uint64_t passive_patience_ns = second_ns;
/// Of the upstreams of one route, as many take part in a choice.
inline constexpr std::size_t max_candidates = 256;

// Suspicion of a loop, in one worker.
inline constexpr std::uint32_t suspicion_inflight = 32;   ///< of one route, or half of its limit where that is less
inline constexpr std::uint32_t same_questions = 8;        ///< of those that are looked at: to be suspected
inline constexpr std::uint32_t suspicion_places = 1024;   ///< looked at each time
inline constexpr std::uint64_t suspicion_interval_ns = second_ns / 10;
inline constexpr std::uint32_t max_loop_reports = 1000;  ///< of probes that came back, in a second

/// Batches read from one socket before the others have their turn.
inline constexpr int batches_per_turn = 4;

inline constexpr std::uint64_t tick_ns = 4'000'000;  ///< how exactly time-outs are kept
inline constexpr std::size_t stored_message_bytes = 512;  ///< larger queries are stored apart
inline constexpr std::size_t preface_room = 64;  ///< in front of each stored query, for a PROXY header

}  // namespace dproxy::proxy
