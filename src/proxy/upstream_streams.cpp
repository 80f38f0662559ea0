// SPDX-License-Identifier: MIT
#include "proxy/upstream_streams.hpp"

#include <algorithm>

#include "proxy/upstream.hpp"
#include "proxy/upstream_stream.hpp"

namespace dproxy::proxy {

UpstreamStreams::UpstreamStreams(Upstream& upstream, UpstreamContext& context)
    : upstream_(upstream), context_(context) {}

UpstreamStreams::~UpstreamStreams() = default;

StreamOwner UpstreamStreams::owner_of(QueryIndex query) const {
    return {context_.queries[query].client, context_.queries.preface(query)};
}

std::size_t UpstreamStreams::limit() const {
    return upstream_.spec().key.proxy_protocol ? max_client_streams : max_streams;
}

const UpstreamStreams::Group& UpstreamStreams::group_of(const StreamOwner& owner) const {
    static const Group none;
    const auto group = groups_.find(owner);
    return group == groups_.end() ? none : group->second;
}

bool UpstreamStreams::any_served(const StreamOwner& owner) const {
    const Group& group = group_of(owner);
    return std::any_of(group.begin(), group.end(), [](const auto& one) { return one->has_served(); });
}

UpstreamStream* UpstreamStreams::with_room(const StreamOwner& owner, const Link* avoid, bool served_only) const {
    UpstreamStream* unproved = nullptr;
    for (const auto& stream : group_of(owner)) {
        if (stream.get() == avoid || !stream->has_room()) continue;
        if (stream->has_served()) return stream.get();
        if (!unproved && !served_only) unproved = stream.get();
    }
    return unproved;
}

// Some servers take the next connection when the one before is closed. What lay in vain on such a connection would
// do so on another one: it waits for one that is served.
bool UpstreamStreams::give_up(QueryIndex query, const Link* link) {
    if (!link) return false;
    for (const auto& stream : group_of(owner_of(query))) {
        if (stream.get() != link || !stream->is_unserved()) continue;
        stream->suspect(context_.now_ns);
        return true;
    }
    return false;
}

UpstreamStream* UpstreamStreams::take(QueryIndex query, const Link* avoid, bool served_only) {
    const StreamOwner owner = owner_of(query);
    served_only = served_only && any_served(owner);
    if (UpstreamStream* stream = with_room(owner, avoid, served_only)) return stream;
    if (served_only) return nullptr;
    if (count_ >= limit()) {
        UpstreamStream* idle = longest_idle();
        if (!idle) return nullptr;
        close(*idle);
    }
    ++count_;
    return groups_[owner].emplace_back(std::make_unique<UpstreamStream>(upstream_, owner)).get();
}

bool UpstreamStreams::wait(QueryIndex query, bool served_only) {
    if (waiting_.size() >= max_waiting_for_stream) return false;
    waiting_.push_back({query, context_.queries[query].serial, served_only});
    return true;
}

QueryIndex UpstreamStreams::next_waiting() {
    while (!waiting_.empty()) {
        const Waiting next = waiting_.front();
        const InFlight& entry = context_.queries[next.query];
        const bool waits = entry.in_use && entry.serial == next.serial;
        if (waits) {
            const StreamOwner owner = owner_of(next.query);
            const bool served_only = next.served_only && any_served(owner);
            const bool may_open = !served_only && (count_ < limit() || longest_idle());
            if (!may_open && !with_room(owner, nullptr, served_only)) return no_query;
        }
        waiting_.pop_front();
        if (waits) return next.query;
    }
    return no_query;
}

UpstreamStream* UpstreamStreams::longest_idle() const {
    UpstreamStream* longest = nullptr;
    for (const auto& [owner, group] : groups_) {
        for (const auto& stream : group) {
            if (!stream->is_idle()) continue;
            if (!longest || stream->last_used_ns() < longest->last_used_ns()) longest = stream.get();
        }
    }
    return longest;
}

void UpstreamStreams::close(UpstreamStream& stream) {
    stream.close();
    closed_.push_back(remove(stream));
}

void UpstreamStreams::discard(UpstreamStream& stream) { remove(stream); }

std::unique_ptr<UpstreamStream> UpstreamStreams::remove(UpstreamStream& stream) {
    const auto group = groups_.find(stream.owner());
    if (group == groups_.end()) return nullptr;
    const auto found = std::find_if(group->second.begin(), group->second.end(),
                                    [&](const auto& one) { return one.get() == &stream; });
    if (found == group->second.end()) return nullptr;
    std::unique_ptr<UpstreamStream> removed = std::move(*found);
    group->second.erase(found);
    if (group->second.empty()) groups_.erase(group);
    --count_;
    return removed;
}

void UpstreamStreams::maintain() {
    closed_.clear();
    for (auto group = groups_.begin(); group != groups_.end();) {
        count_ -= std::erase_if(group->second, [](const auto& stream) { return stream->may_go(); });
        group = group->second.empty() ? groups_.erase(group) : std::next(group);
    }
}

}  // namespace dproxy::proxy
