// SPDX-License-Identifier: MIT
// What clients are sent: replies of upstreams, and answers of dproxy's own. What is put in or taken out of them, how
// they are cut, and how they count.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cache/kept_answer.hpp"
#include "clients/client_sides.hpp"
#include "relay/answer_rooms.hpp"
#include "relay/client_tap.hpp"
#include "relay/owed.hpp"
#include "relay/own_hop.hpp"
#include "relay/query_records.hpp"
#include "relay/query_trace.hpp"
#include "relay/verdict.hpp"

namespace dproxy::proxy {

/// A reply that came just now, or that was kept.
struct ReplyAtHand {
    dns::MutableBytes message;
    bool by_stream = false;
    dns::AddedSubnet added = dns::AddedSubnet::nothing;  ///< to be taken out of it
    const Upstream* upstream = nullptr;                  ///< that sent it
};

/// One thread. The time is that of the turn at hand.
class Answers {
public:
    /// What it is given outlives it.
    Answers(ClientSides& clients, telemetry::WorkerCounters& counters, const OwnHop& own_hop, QueryRecords& records,
            ClientTap& tap, QueryTrace& trace, const std::uint64_t& now_ns)
        : clients_(clients), counters_(counters), own_hop_(own_hop), records_(records), tap_(tap), trace_(trace),
          now_ns_(now_ns) {}

    /// Whoever is owed an answer has the verdict for one, or nothing where it says so. `message`: the query, with the
    /// client's ID.
    void judged(const Owed& owed, dns::Bytes message, const Verdict& verdict);
    /// The reply to a query in flight, `message`. The reply's bytes are changed, and stay where they are until all has
    /// left.
    void replied(const InFlight& entry, dns::Bytes message, const ReplyAtHand& reply);
    /// Keeps what a reply's bytes lie in until all has left.
    void keep(std::unique_ptr<StoredReply> reply) { kept_.push_back(std::move(reply)); }
    /// The reply as it is for whoever asks: without what was put in for one client, or is between neighbours.
    static ReplyAtHand cleaned(const InFlight& entry, const ReplyAtHand& reply);
    /// The same reply to another query; `clean` stays as it is. `had_edns`: the query that it was sent for. To who has
    /// an OPT it goes with one, to who has none without (RFC 6891 7).
    void shared(const InFlight& entry, dns::Bytes message, const ReplyAtHand& clean, bool had_edns);
    /// An answer that was kept. `message`: the query, with the client's ID.
    void remembered(const Owed& owed, dns::Bytes message, const cache::KeptAnswer& kept);
    /// First, where such a one is to be kept: no memory is needed for it any more.
    void expect_kept_reply() { kept_.reserve(kept_.size() + 1); }
    /// A message of a zone transfer that `query` asked for, with the client's ID; its bytes are changed. Only the first
    /// one counts.
    void transferred(const Owed& owed, dns::Bytes query, bool first, dns::MutableBytes message);

    /// All has left.
    void forget_kept() {
        if (!kept_.empty()) kept_.clear();
        datagram_rooms_.clear();
    }

private:
    void answer(const Owed& owed, dns::Bytes message, const Origin& origin);
    void send(const Client& client, dns::Bytes message);
    /// `limit`: of the client's, over UDP, with all that is added.
    void reply_with_hop_options(const Owed& owed, dns::Bytes reply, std::size_t limit, const Origin& origin);
    /// Cut to `limit` where the client takes no more, with our own options where it sent some.
    void deliver(const Owed& owed, dns::Bytes reply, std::size_t limit, const Origin& origin);
    /// Room for an answer of so many bytes, good until all has left; on a connection until it is answered. It may be
    /// taken twice for one answer.
    dns::MutableBytes room(const Client& client, std::size_t bytes);
    /// With an OPT, or without; as it is where that cannot be. In place or in a room() of its own.
    dns::MutableBytes with_edns(const Client& client, dns::MutableBytes reply, bool wanted);
    /// The reply with our own in its OPT (and padded, where the query was), or as it is where it cannot have them. Good
    /// as long as a room().
    dns::Bytes with_hop_options(dns::Bytes reply, dns::HopAnswer& own, const Owed& owed);
    dns::HopAnswer own_options(const Owed& owed) const;

    ClientSides& clients_;
    telemetry::WorkerCounters& counters_;
    const OwnHop& own_hop_;
    QueryRecords& records_;
    ClientTap& tap_;
    QueryTrace& trace_;
    const std::uint64_t& now_ns_;
    std::vector<std::unique_ptr<StoredReply>> kept_;  ///< until they have left
    AnswerRooms datagram_rooms_;  ///< until they have left, too
    AnswerRooms stream_rooms_;    ///< what goes on a connection is copied when it is queued
};

}  // namespace dproxy::proxy
