// SPDX-License-Identifier: MIT
// The TCP connections towards one upstream, and the queries that wait for one to have room.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "proxy/client_streams.hpp"
#include "proxy/link.hpp"
#include "proxy/stream_owner.hpp"

namespace dproxy::proxy {

class UpstreamStream;
struct UpstreamContext;

/// One thread. Belongs to its Upstream.
class UpstreamStreams {
public:
    UpstreamStreams(Upstream& upstream, UpstreamContext& context);
    ~UpstreamStreams();

    /// True where the query lay in vain on `link`, a connection that lives and has brought no reply ever: nothing
    /// more goes on it, and the query is to go by one that has brought some, where there is any (`served_only`).
    bool give_up(QueryIndex query, const Link* link);
    /// A connection with room for the query that is not `avoid`, perhaps a new one. Null: it has to wait.
    UpstreamStream* take(QueryIndex query, const Link* avoid, bool served_only);
    /// False when too many wait already.
    bool wait(QueryIndex query, bool served_only);
    /// A query that waited for a connection, if it still does and can have one now; in the order they came.
    QueryIndex next_waiting();
    bool any_waiting() const { return !waiting_.empty(); }

    /// A connection ended, or its client did and nothing is waited for on it.
    void discard(UpstreamStream& stream);
    /// Each second: those go that are idle, or brought no reply in time.
    void maintain();

private:
    using Group = std::vector<std::unique_ptr<UpstreamStream>>;
    struct Waiting {
        QueryIndex query;
        std::uint32_t serial;
        bool served_only;
    };

    StreamOwner owner_of(QueryIndex query) const;
    const Group& group_of(const StreamOwner& owner) const;
    bool any_served(const StreamOwner& owner) const;
    UpstreamStream* with_room(const StreamOwner& owner, const Link* avoid, bool served_only) const;
    std::size_t limit() const;
    UpstreamStream* longest_idle() const;
    void close(UpstreamStream& stream);
    std::unique_ptr<UpstreamStream> remove(UpstreamStream& stream);

    Upstream& upstream_;
    UpstreamContext& context_;
    std::unordered_map<StreamOwner, Group, StreamOwner::Hash> groups_;  ///< none is empty
    std::size_t count_ = 0;
    std::vector<std::unique_ptr<UpstreamStream>> closed_;  ///< perhaps in the midst of a call; until maintain()
    std::deque<Waiting> waiting_;
};

}  // namespace dproxy::proxy
