// SPDX-License-Identifier: MIT
// The queries that wait for a reply: a slab of fixed size, so that nothing is allocated for a query.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "dns/client_subnet.hpp"
#include "dns/query.hpp"
#include "proxy/client.hpp"
#include "proxy/id_table.hpp"
#include "proxy/limits.hpp"
#include "routing/query_plan.hpp"
#include "routing/route_settings.hpp"

namespace dproxy::proxy {

class Link;
class Upstream;
struct Generation;

/// One message sent to one upstream for a query.
struct Attempt {
    Upstream* upstream = nullptr;
    Link* link = nullptr;  ///< none while it waits for a free stream
    std::uint16_t id = 0;
    bool open = false;      ///< a reply would still be taken
    bool overdue = false;   ///< its time ran out
    std::uint64_t sent_ns = 0;
};

/// A reply that is kept while a better one is hoped for. As the upstream sent it, ID apart.
struct StoredReply {
    std::vector<std::uint8_t> message;
    bool by_stream = false;
};

struct InFlight {
    Client client;
    dns::Query query;
    routing::QueryPlan plan;
    std::uint8_t attempt_count = 0;
    std::uint16_t client_id = 0;
    std::uint16_t message_length = 0;
    std::uint8_t preface_length = 0;
    telemetry::Slot route_slot = telemetry::other_slot;
    bool in_use = false;
    std::uint32_t serial = 0;  ///< how often this place was given out
    std::uint32_t pool = 0;
    std::uint32_t route = 0;  ///< whose max_inflight it counts against; no_route for the master's
    Generation* generation = nullptr;
    std::uint64_t started_ns = 0;
    std::uint64_t deadline_ns = 0;  ///< the client has its answer by then
    std::uint64_t wake_ns = 0;      ///< when the deadline queue calls
    std::uint64_t attempt_end_ns = 0;  ///< when the time of the newest attempt runs out
    std::uint64_t hedge_ns = 0;        ///< when a hedge is due; 0: none is
    QueryIndex wake_previous = no_query;
    QueryIndex wake_next = no_query;
    std::array<Attempt, routing::max_attempts> attempts;
    dns::AddedSubnet added_subnet = dns::AddedSubnet::nothing;  ///< to be taken out of replies
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

    std::uint32_t size() const { return size_; }
    /// Places ever used: entries below this index may be looked at, whether in use or not.
    std::uint32_t places() const { return touched_; }

    template <typename Visit>
    void for_each(Visit visit) {
        for (QueryIndex i = 0; i < touched_; ++i) {
            if (entries_[i].in_use) visit(i);
        }
    }

private:
    std::uint32_t capacity_;
    std::uint32_t size_ = 0;
    std::uint32_t touched_ = 0;  ///< places ever used: those beyond cost no memory
    QueryIndex free_ = no_query;
    InFlight* entries_;
    std::uint8_t* messages_;
};

}  // namespace dproxy::proxy
