// SPDX-License-Identifier: MIT
// What one session of a client (a connection that carries any number of queries) may do: how much in its life and at a
// time, when it is read, and what is progress. No socket and no clock: what came and went is told, and so is the time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dproxy::proxy {

struct SessionLimits {
    std::uint32_t queries = 0;   ///< in its life
    std::uint32_t inflight = 0;  ///< at a time: beyond it nothing is read
    std::uint64_t idle_ns = 0;   ///< so long it may be without progress
};

/// How a session stands with what it carries.
struct SessionTraffic {
    std::uint64_t taken_bytes = 0;     ///< of answers, by the client, since it began
    std::size_t queued_bytes = 0;      ///< of answers that it has yet to take
    bool has_part_of_message = false;  ///< a query has begun to come
};

/// One thread. `limits` outlive it.
class SessionRules {
public:
    SessionRules(const SessionLimits& limits, std::uint64_t now_ns) : limits_(limits), moved_ns_(now_ns) {}

    enum class Reached : std::uint8_t { nothing, queries, inflight };
    /// A query has come, and is in flight. Tells the limit that it reached; after `queries` it was the last.
    Reached take_query(std::uint64_t now_ns);
    /// A query has come to its end, answered or not.
    void done() { --inflight_; }
    /// No query is taken any more: the client has no more, or the server stops.
    void finish() { finishing_ = true; }

    enum class Next : std::uint8_t {
        read,   ///< the next query
        pause,  ///< nothing for now
        end,    ///< all queries are answered: it closes when the answers are taken
    };
    /// To be asked after each of the above, and when answers were taken.
    Next next(std::size_t queued_bytes) const;
    /// One more may be in flight, and its answer be queued behind the others.
    bool has_room(std::size_t queued_bytes) const;

    /// Each second. False when there was no progress for the idle time: a whole query of the client's, a good part of
    /// the answers taken by it. Answers that are being fetched are not the client's fault.
    bool check_progress(const SessionTraffic& traffic, std::uint64_t now_ns);
    /// When there was progress last.
    std::uint64_t moved_ns() const { return moved_ns_; }
    /// Since when it could go without a loss: one that has queries in flight, or takes answers, is as young as can be.
    std::uint64_t idle_since_ns(std::size_t queued_bytes, std::uint64_t now_ns) const {
        return inflight_ > 0 || queued_bytes > 0 ? now_ns : moved_ns_;
    }
    bool all_done() const { return inflight_ == 0; }

private:
    bool is_stuck_in_message(bool has_part, std::uint64_t now_ns);

    const SessionLimits& limits_;
    std::uint32_t inflight_ = 0;
    std::uint32_t queries_ = 0;
    bool finishing_ = false;
    std::uint64_t moved_ns_;
    std::uint64_t seen_taken_ = 0;     ///< of what was taken, by the last progress
    std::uint64_t part_since_ns_ = 0;  ///< when it was first seen that a query had begun; 0: none has
    std::uint32_t part_of_ = 0;        ///< the number of that query
};

}  // namespace dproxy::proxy
