// SPDX-License-Identifier: MIT
// The connections towards one upstream (TCP, TLS, HTTPS), and the queries that wait for one to have room.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "upstreams/carrier.hpp"
#include "upstreams/network_holdings.hpp"
#include "upstreams/stream_owner.hpp"
#include "upstreams/waiting_queries.hpp"

namespace dproxy::proxy {

class Upstream;
class StreamLink;
struct UpstreamContext;

class StreamCarrier final : public Carrier {
public:
    StreamCarrier(Upstream& upstream, UpstreamContext& context);
    ~StreamCarrier() override;

    Sending send(QueryIndex query, Attempt& attempt, Link* avoid) override;
    Sending wait(QueryIndex query, Link* avoid) override;
    /// Of the client network that has most here (on connections, waiting), the oldest, or all on a connection that
    /// takes no more. Where that network has more than twice what the newcomer's has, or no more may wait; else none.
    std::vector<QueryIndex> who_gives_way_to(QueryIndex query) const override;
    QueryIndex next_waiting() override;
    bool any_waiting() const override { return !waiting_.empty(); }
    void stop_waiting(QueryIndex query) override;
    void maintain() override;

    /// The client whose connection it was is gone. Ends it, now or when its last query has ended.
    void client_gone(StreamLink& stream);

    // From its connections, out of their own handlers.
    /// A message came on it: it may have room, or be done.
    void has_served(StreamLink& stream);
    void has_ended(StreamLink& stream);
    /// It can be written to.
    void has_opened() { was_open_ = true; }
    /// It cannot be asked by, and neither could the next one: no other is begun for a while.
    void pause_connecting(telemetry::Failure why);
    /// A connection closed with queries unanswered: one query at a time for a while.
    void ask_one_at_a_time();
    /// What each network has: told by the connections when they let go of a query.
    NetworkHoldings& holdings() { return holdings_; }

private:
    using Group = std::vector<std::unique_ptr<StreamLink>>;

    /// What a network has on a connection.
    struct Queries {
        QueryIndex oldest = no_query;
        bool are_all = true;  ///< nobody else has any
    };

    template <typename Visit>
    void for_each_stream(const Visit& visit) const {
        for (const auto& [owner, group] : groups_) {
            for (const auto& stream : group) visit(*stream);
        }
    }
    Queries queries_of(const StreamLink& stream, const net::ClientNetwork& network, QueryIndex newcomer) const;
    StreamOwner owner_of(QueryIndex query) const;
    net::ClientNetwork network_of_query(QueryIndex query) const;
    const Group& group_of(const StreamOwner& owner) const;
    /// True where the query lay in vain on `link`, a connection that lives and has brought no reply ever: nothing
    /// more goes on it, and the query is to go by one that has brought some, where there is any (`served_only`).
    bool give_up(QueryIndex query, const Link* link);
    /// A connection with room for the query that is not `avoid`, perhaps a new one. Null: it has to wait.
    StreamLink* take(QueryIndex query, const Link* avoid, bool served_only);
    bool any_served(const StreamOwner& owner) const;
    /// A further connection; null where there is no descriptor for it, or none to spare where nobody waits for it.
    enum class For : std::uint8_t { query, later };
    std::unique_ptr<StreamLink> make(const StreamOwner& owner);
    StreamLink* open(const StreamOwner& owner, For what);
    /// Encrypted ones are there before anybody waits for them: the first one, and those that follow old ones.
    void open_ahead();
    /// False: it would have to be encrypted, and cannot be at present.
    bool may_connect() const;
    StreamLink* with_room(const StreamOwner& owner, const Link* avoid, bool served_only) const;
    std::size_t limit() const;
    bool has_descriptor_to_spare() const;
    StreamLink* longest_idle() const;
    void note_room();
    /// Closes it; it stays in memory until maintain().
    void close(StreamLink& stream);
    /// The same, of one that the server has not ended.
    void leave(StreamLink& stream);

    Upstream& upstream_;
    UpstreamContext& context_;
    std::unordered_map<StreamOwner, Group, StreamOwner::Hash> groups_;  ///< none is empty
    std::size_t count_ = 0;
    std::uint64_t may_open_ns_ = 0;  ///< before it there is no descriptor to spare
    std::uint64_t one_at_a_time_until_ns_ = 0;
    std::uint64_t next_handshake_ns_ = 0;  ///< after one that failed
    telemetry::Failure why_paused_ = telemetry::Failure::tls;
    std::uint64_t next_ahead_ns_ = 0;
    bool was_open_ = false;  ///< one of its connections, ever
    Group closed_;  ///< perhaps in the midst of a call, or with attempts that are not released; until maintain()
    WaitingQueries waiting_;
    NetworkHoldings holdings_;
};

}  // namespace dproxy::proxy
