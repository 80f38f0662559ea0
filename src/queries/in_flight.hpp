// SPDX-License-Identifier: MIT
// The queries that wait for a reply: a slab of fixed size, so that nothing is allocated for a query.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "dns/client_subnet.hpp"
#include "dns/query.hpp"
#include "queries/client.hpp"
#include "queries/id_table.hpp"
#include "queries/limits.hpp"
#include "routing/attempts.hpp"
#include "routing/route_settings.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::proxy {

class Link;
class Upstream;
struct Generation;

/// By which a link knows an attempt: the message ID on a socket or a connection.
using Ticket = std::uint16_t;

/// One message sent to one upstream for a query: where it is. What is to become of it, InFlight::attempts says.
struct Attempt {
    Upstream* upstream = nullptr;
    Link* link = nullptr;  ///< none while it waits for a free stream, and when it has ended
    Ticket ticket = 0;     ///< of the link
    std::uint64_t sent_ns = 0;
};

/// A reply that is kept while a better one is hoped for. As the upstream sent it, ID apart.
struct StoredReply {
    std::vector<std::uint8_t> message;
    const Upstream* upstream = nullptr;  ///< that sent it
    bool by_stream = false;
    dns::AddedSubnet added = dns::AddedSubnet::nothing;  ///< to be taken out of it
};

inline constexpr std::uint64_t never_ns = static_cast<std::uint64_t>(-1);

struct InFlight {
    Client client;
    dns::Query query;
    routing::Attempts attempts;
    std::array<Attempt, routing::max_attempts> sent;  ///< as many as attempts.count()
    std::uint16_t client_id = 0;
    std::uint16_t message_length = 0;
    std::uint8_t preface_length = 0;
    std::uint8_t zone_length = 0;  ///< so many of the name's last bytes are the pattern's, as far as dnstap is on
    telemetry::Slot route_slot = telemetry::other_slot;
    bool in_use = false;
    bool is_merged = false;  ///< it leads or follows others that ask the same, see MergedQueries
    bool is_own = false;     ///< nobody waits for its answer: it is asked to be kept, or the client has had one
    std::uint32_t serial = 0;  ///< how often this place was given out
    std::uint32_t pool = 0;
    /// Of the table in force, whose max_inflight it counts against; no_route: it is gone. The master's: one more.
    std::uint32_t route = 0;
    std::uint32_t traced = 0;  ///< its number in a trace, see QueryTrace; 0: it is in none
    Generation* generation = nullptr;
    std::uint64_t started_ns = 0;
    std::uint64_t wake_ns = 0;      ///< when the deadline queue calls
    std::uint64_t stale_due_ns = never_ns;  ///< when a kept answer beyond its TTL is given instead
    QueryIndex wake_previous = no_query;  ///< in its list of the deadline queue
    QueryIndex wake_next = no_query;
    QueryIndex next_free = no_query;  ///< of a place that is not in use
    /// What was added to the message; to be taken out of replies to attempts that left with it.
    dns::AddedSubnet added_subnet = dns::AddedSubnet::nothing;
    std::uint32_t large_bytes = 0;
    std::unique_ptr<std::uint8_t[]> large_message;
    std::unique_ptr<StoredReply> fallback;  ///< the first reply of an rcode that `fallback_on` names
};

class InFlightTable {
public:
    explicit InFlightTable(std::uint32_t capacity);
    ~InFlightTable();
    InFlightTable(const InFlightTable&) = delete;
    InFlightTable& operator=(const InFlightTable&) = delete;

    /// A clean entry holding a copy of the message, or no_query when all places are taken. The message may grow
    /// by `growth` bytes afterwards.
    QueryIndex take(dns::Bytes message, std::size_t growth = 0);
    void release(QueryIndex index);

    InFlight& operator[](QueryIndex index) { return entries_[index]; }
    /// The stored message; its ID is whatever was written there last.
    dns::MutableBytes message(QueryIndex index);
    /// All the room that the message has, or has yet to take; and its length from now on.
    dns::MutableBytes room(QueryIndex index, std::size_t growth);
    void set_length(QueryIndex index, std::size_t length);
    /// What stands in front of the message when it is sent, in a datagram or on a connection: a PROXY header
    /// (up to preface_room bytes), or nothing.
    void set_preface(QueryIndex index, dns::Bytes preface);
    dns::Bytes preface(QueryIndex index);
    /// Preface and message as one datagram.
    dns::Bytes datagram(QueryIndex index);

    /// Keeps a copy of a reply with the query: `fallback`.
    void keep_reply(QueryIndex index, dns::Bytes reply, bool by_stream, dns::AddedSubnet added);
    /// And gives it out of hand. Null where there is none.
    std::unique_ptr<StoredReply> take_reply(QueryIndex index);

    std::uint32_t size() const { return size_; }
    /// Memory that the queries in flight take, and that one of them does.
    std::size_t bytes() const { return size_ * bytes_of_one() + extra_bytes_; }
    std::size_t bytes_of(QueryIndex index) const { return bytes_of_one() + extra_bytes_of(entries_[index]); }
    static std::size_t bytes_of_one();
    /// Gives back the memory of places that are in use no more, as far as they are the last. Each second.
    void trim();
    /// Places ever used: entries below this index may be looked at, whether in use or not.
    std::uint32_t places() const { return touched_; }

    template <typename Visit>
    void for_each(Visit visit) {
        for (QueryIndex i = 0; i < touched_; ++i) {
            if (entries_[i].in_use) visit(i);
        }
    }

private:
    static std::size_t extra_bytes_of(const InFlight& entry);

    std::uint32_t capacity_;
    std::uint32_t size_ = 0;
    std::size_t extra_bytes_ = 0;  ///< of large messages and kept replies
    std::uint32_t most_ = 0;  ///< size_ since the last trim()
    std::uint32_t touched_ = 0;  ///< places ever used: those beyond cost no memory
    QueryIndex free_ = no_query;
    InFlight* entries_;
    std::uint8_t* messages_;
};

}  // namespace dproxy::proxy
