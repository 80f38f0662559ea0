// SPDX-License-Identifier: MIT
#include "upstreams/stream_carrier.hpp"

#include <algorithm>

#include "upstreams/https_stream.hpp"
#include "upstreams/limits.hpp"
#include "upstreams/upstream.hpp"
#include "upstreams/upstream_stream.hpp"

namespace dproxy::proxy {

StreamCarrier::StreamCarrier(Upstream& upstream, UpstreamContext& context)
    : upstream_(upstream), context_(context) {}

StreamCarrier::~StreamCarrier() {
    for_each_stream([](StreamLink& stream) { stream.leave(); });
}

StreamOwner StreamCarrier::owner_of(QueryIndex query) const {
    return {context_.queries[query].client, context_.queries.preface(query)};
}

net::ClientNetwork StreamCarrier::network_of_query(QueryIndex query) const {
    return network_of(context_.queries[query].client);
}

Sending StreamCarrier::send(QueryIndex query, Attempt& attempt, Link* avoid) {
    StreamLink* const stream = take(query, avoid, give_up(query, avoid));
    if (!stream && !may_connect()) return {Sent::no, why_paused_};
    if (!stream) return {Sent::full, telemetry::Failure::overload};
    holdings_.enter(network_of_query(query));
    stream->queue(query, attempt);
    return {};
}

std::size_t StreamCarrier::limit() const {
    return upstream_.spec().key.proxy_protocol ? max_client_streams : max_streams;
}

bool StreamCarrier::has_descriptor_to_spare() const { return count_ == 0 || context_.now_ns >= may_open_ns_; }

const StreamCarrier::Group& StreamCarrier::group_of(const StreamOwner& owner) const {
    static const Group none;
    const auto group = groups_.find(owner);
    return group == groups_.end() ? none : group->second;
}

bool StreamCarrier::any_served(const StreamOwner& owner) const {
    const Group& group = group_of(owner);
    return std::any_of(group.begin(), group.end(), [](const auto& one) { return one->has_served(); });
}

StreamLink* StreamCarrier::with_room(const StreamOwner& owner, const Link* avoid, bool served_only) const {
    const bool one_at_a_time = context_.now_ns < one_at_a_time_until_ns_;
    StreamLink* unproved = nullptr;
    for (const auto& stream : group_of(owner)) {
        if (stream.get() == avoid || !stream->has_room(one_at_a_time)) continue;
        if (stream->has_served()) return stream.get();
        if (!unproved && !served_only) unproved = stream.get();
    }
    return unproved;
}

// Some servers take the next connection when the one before is closed. What lay in vain on such a connection would
// do so on another one: it waits for one that is served.
bool StreamCarrier::give_up(QueryIndex query, const Link* link) {
    if (!link) return false;
    for (const auto& stream : group_of(owner_of(query))) {
        if (stream.get() != link || !stream->is_unserved()) continue;
        stream->suspect();
        return true;
    }
    return false;
}

StreamLink* StreamCarrier::take(QueryIndex query, const Link* avoid, bool served_only) {
    const StreamOwner owner = owner_of(query);
    served_only = served_only && any_served(owner);
    if (StreamLink* stream = with_room(owner, avoid, served_only)) return stream;
    if (served_only || !may_connect()) return nullptr;
    if (count_ >= limit() || !has_descriptor_to_spare()) {
        StreamLink* idle = longest_idle();
        if (!idle) return nullptr;
        leave(*idle);
    }
    return open(owner, For::query);
}

std::unique_ptr<StreamLink> StreamCarrier::make(const StreamOwner& owner) {
    if (upstream_.spec().key.protocol == routing::Protocol::https) {
        return std::make_unique<HttpsStream>(upstream_, *this, owner, upstream_.make_filter());
    }
    return std::make_unique<UpstreamStream>(upstream_, *this, owner, upstream_.make_filter());
}

StreamLink* StreamCarrier::open(const StreamOwner& owner, For what) {
    std::unique_ptr<StreamLink> opened = make(owner);
    // The last descriptors are for UDP, probes and reloads. One connection to an upstream is always to be had.
    const bool is_spared = what == For::query && count_ == 0;
    if (!is_spared && opened->descriptor() >= context_.first_reserved_descriptor) {
        StreamLink* idle = what == For::query ? longest_idle() : nullptr;
        if (!idle) {
            may_open_ns_ = context_.now_ns + open_pause_ns;
            return nullptr;
        }
        leave(*idle);
    }
    Group& group = groups_[owner];
    group.push_back(std::move(opened));
    ++count_;
    return group.back().get();
}

bool StreamCarrier::may_connect() const {
    if (!upstream_.is_encrypted()) return true;
    return upstream_.spec().filters && context_.now_ns >= next_handshake_ns_;
}

void StreamCarrier::pause_connecting(telemetry::Failure why) {
    next_handshake_ns_ = context_.now_ns + handshake_pause_ns;
    why_paused_ = why;
}

void StreamCarrier::open_ahead() {
    if (!upstream_.is_encrypted() || upstream_.spec().key.proxy_protocol || !may_connect()) return;
    bool has_old = false, has_fresh = false, is_replaced = false;
    for_each_stream([&](const StreamLink& stream) {
        if (stream.is_draining()) return;
        has_old = has_old || stream.is_old();
        has_fresh = has_fresh || !stream.is_old();
        is_replaced = is_replaced || (!stream.is_old() && stream.is_open());
    });
    if (is_replaced && has_old) {
        for_each_stream([](StreamLink& stream) {
            if (stream.is_old()) stream.retire();
        });
    }
    const bool is_first = !was_open_ && context_.now_ns >= next_ahead_ns_;
    if (has_fresh || (!has_old && !is_first) || count_ >= limit() || context_.ahead_left == 0) return;
    --context_.ahead_left;
    next_ahead_ns_ = context_.now_ns + ahead_interval_ns;
    open({}, For::later);
}

Sending StreamCarrier::wait(QueryIndex query, Link* avoid) {
    const bool served_only = give_up(query, avoid);
    if (waiting_.is_full()) return {Sent::no, telemetry::Failure::overload};
    waiting_.add({query, served_only});
    holdings_.enter(network_of_query(query));
    return {Sent::waits, telemetry::Failure::overload};
}

QueryIndex StreamCarrier::next_waiting() {
    if (waiting_.empty()) return no_query;
    const WaitingQueries::Waiting next = waiting_.first();
    const StreamOwner owner = owner_of(next.query);
    const bool served_only = next.served_only && any_served(owner);
    const bool has_place = (count_ < limit() && has_descriptor_to_spare()) || longest_idle();
    const bool may_open = !served_only && may_connect() && has_place;
    if (!may_open && !with_room(owner, nullptr, served_only)) return no_query;
    stop_waiting(next.query);
    return next.query;
}

void StreamCarrier::stop_waiting(QueryIndex query) {
    if (waiting_.remove(query)) holdings_.leave(network_of_query(query));
}

std::vector<QueryIndex> StreamCarrier::who_gives_way_to(QueryIndex query) const {
    const NetworkHoldings::Most most = holdings_.most();
    if (most.count == 0) return {};
    if (!waiting_.is_full() && most.count < 2 * (holdings_.of(network_of_query(query)) + 1)) return {};

    // A place on a connection that takes more is worth one query. One that takes no more has to be emptied.
    QueryIndex oldest = no_query;
    const StreamLink* to_empty = nullptr;
    std::uint64_t to_empty_since_ns = 0;
    for_each_stream([&](const StreamLink& stream) {
        const Queries has = queries_of(stream, most.network, query);
        if (has.oldest == no_query) return;
        const std::uint64_t since_ns = context_.queries[has.oldest].started_ns;
        if (!stream.is_draining()) {
            if (oldest == no_query || since_ns < context_.queries[oldest].started_ns) oldest = has.oldest;
        } else if (has.are_all && (!to_empty || since_ns < to_empty_since_ns)) {
            to_empty = &stream;
            to_empty_since_ns = since_ns;
        }
    });
    std::vector<QueryIndex> ending;
    if (oldest != no_query) {
        ending.push_back(oldest);
    } else if (to_empty) {
        to_empty->for_each_query([&](QueryIndex other) { ending.push_back(other); });
    }
    return ending;
}

StreamCarrier::Queries StreamCarrier::queries_of(const StreamLink& stream, const net::ClientNetwork& network,
                                                     QueryIndex newcomer) const {
    Queries found;
    stream.for_each_query([&](QueryIndex other) {
        if (other == newcomer || network_of(context_.queries[other].client) != network) {
            found.are_all = false;
        } else if (found.oldest == no_query ||
                   context_.queries[other].started_ns < context_.queries[found.oldest].started_ns) {
            found.oldest = other;
        }
    });
    return found;
}

StreamLink* StreamCarrier::longest_idle() const {
    StreamLink* longest = nullptr;
    for_each_stream([&](StreamLink& stream) {
        if (stream.is_idle() && (!longest || stream.last_used_ns() < longest->last_used_ns())) longest = &stream;
    });
    return longest;
}

void StreamCarrier::client_gone(StreamLink& stream) {
    stream.note_client_gone();
    if (stream.is_idle()) leave(stream);
}

void StreamCarrier::has_served(StreamLink& stream) {
    if (stream.is_done()) leave(stream);
    note_room();
}

void StreamCarrier::has_ended(StreamLink& stream) {
    close(stream);
    note_room();
}

void StreamCarrier::ask_one_at_a_time() { one_at_a_time_until_ns_ = context_.now_ns + one_at_a_time_ns; }

void StreamCarrier::note_room() {
    if (!waiting_.empty()) context_.with_room.push_back(&upstream_);
}

void StreamCarrier::close(StreamLink& stream) {
    stream.close();
    const auto group = groups_.find(stream.owner());
    if (group == groups_.end()) return;
    const auto found = std::find_if(group->second.begin(), group->second.end(),
                                    [&](const auto& one) { return one.get() == &stream; });
    if (found == group->second.end()) return;
    closed_.push_back(std::move(*found));
    group->second.erase(found);
    if (group->second.empty()) groups_.erase(group);
    --count_;
}

void StreamCarrier::leave(StreamLink& stream) {
    stream.leave();
    close(stream);
}

void StreamCarrier::maintain() {
    std::erase_if(closed_, [](const auto& stream) { return stream->is_idle(); });
    for (auto group = groups_.begin(); group != groups_.end();) {
        count_ -= std::erase_if(group->second, [](const auto& stream) {
            if (!stream->may_go()) return false;
            stream->leave();
            return true;
        });
        group = group->second.empty() ? groups_.erase(group) : std::next(group);
    }
    open_ahead();
}

}  // namespace dproxy::proxy
