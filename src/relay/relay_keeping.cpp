// SPDX-License-Identifier: MIT
// The part of the relay that concerns answers that are kept for others, and queries that ask the same at one time.
// Held by tests/integration/test_cache.py, tests/integration/test_cache_stale.py, tests/integration/test_merge.py.
#include <algorithm>
#include <utility>
#include <vector>

#include "dns/client_subnet.hpp"
#include "dns/name.hpp"
#include "queries/limits.hpp"
#include "relay/relay.hpp"

namespace dproxy::proxy {

using cache::Age;
using cache::KeptAnswer;
using telemetry::CacheEvent;

namespace {

/// The network that an upstream is told of; nothing where it is told none.
dns::Bytes subnet_of(const Client& client, const routing::RouteSettings& settings,
                     std::array<std::uint8_t, cache::max_subnet_bytes>& room) {
    if (!settings.client_subnet) return {};
    const net::Address address = client.source.address();
    const bool v4 = address.is_v4();
    const std::size_t length = (v4 ? dns::client_subnet_prefix_v4 : dns::client_subnet_prefix_v6) / 8;
    const auto* bytes = address.bytes.data() + (v4 ? address.bytes.size() - 4 : 0);
    room[0] = v4 ? 4 : 6;
    std::copy_n(bytes, length, room.begin() + 1);
    return {room.data(), length + 1};
}

/// But for ID and the case of the name.
bool is_same_message(dns::Bytes one, dns::Bytes other, const dns::Question& question) {
    if (one.size() != other.size()) return false;
    const std::size_t name_end = dns::header_length + question.name_length;
    return std::equal(one.begin() + 2, one.begin() + dns::header_length, other.begin() + 2) &&
           std::equal(one.begin() + static_cast<std::ptrdiff_t>(name_end), one.end(),
                      other.begin() + static_cast<std::ptrdiff_t>(name_end)) &&
           dns::equal_ignoring_case(question.name(one), question.name(other));
}

bool is_failure(dns::Bytes reply) {
    const auto rcode = static_cast<dns::Rcode>(dns::rcode_of(reply));
    return rcode != dns::Rcode::noerror && rcode != dns::Rcode::nxdomain;
}

/// A cut reply is of no use to who takes more than who was answered so.
bool takes_more(const InFlight& one, const InFlight& leader) {
    return !one.client.arrival().size_limited || one.query.udp_size > leader.query.udp_size;
}

/// Whether the leader's reply says to the other one what it would have heard itself.
bool is_for(const InFlight& one, const InFlight& leader, dns::Bytes reply) {
    if (dns::is_truncated(reply) && takes_more(one, leader)) return false;
    // The refusal of EDNS (RFC 6891 7) is none of the question.
    return one.query.has_edns || !leader.query.has_edns || !dns::denies_edns(reply);
}

}  // namespace

void Relay::open_sharing(const PoolSet& pools) {
    std::vector<std::uint32_t> keeping;
    for (const Pool& pool : pools.pools) {
        if (pool.settings->keeping.merge) merged_.open(options_.max_inflight);
        if (pool.keeping_serial != 0) keeping.push_back(pool.keeping_serial);
    }
    if (!keeping.empty()) kept_.open();
    kept_.adopt(std::move(keeping));
}

bool Relay::is_remembered(dns::Bytes message, const dns::Query& query, const Client& client, const Destination& to,
                          Sharing& sharing) {
    const Pool& pool = generations_.current().pools->pools[to.pool];
    const dns::Bytes subnet = subnet_of(client, *pool.settings, sharing.subnet);
    sharing.key = cache::key_of(message, query, pool.keeping_serial, subnet);
    if (!sharing.key || pool.keeping_serial == 0 || !kept_.is_open()) return false;
    auto& events = counters_.route(to.slot).cache;
    const cache::Found found = kept_.find(*sharing.key, context_.now_ns);
    const Owed owed{query, client, to.slot, context_.now_ns, to.route};
    if (!found) {
        events[CacheEvent::miss].add();
        if (trace_.is_on()) [[unlikely]] trace_.remembered("nothing is kept for it");
        return false;
    }
    const KeptAnswer kept(found.words);
    if (kept.age(context_.now_ns) == Age::stale) {
        const bool rests = kept.rests(context_.now_ns);
        if (!rests && !answer_stale_at_once(pool, *sharing.key)) {
            sharing.has_stale = true;
            events[CacheEvent::miss].add();
            if (trace_.is_on()) [[unlikely]] trace_.remembered("what is kept for it is beyond its TTL");
            return false;
        }
        events[CacheEvent::stale].add();
        answers_.remembered(owed, message, kept);
        if (!rests) ask_again(message, query, client, to, *sharing.key);
        return true;
    }
    kept_.count_hit(found);
    events[CacheEvent::hit].add();
    answers_.remembered(owed, message, kept);
    const std::uint32_t prefetch = pool.settings->keeping.prefetch;
    if (prefetch != 0 && found.hits + 1 >= prefetch && kept.nears_its_end(context_.now_ns) &&
        ask_again(message, query, client, to, *sharing.key)) {
        events[CacheEvent::prefetch].add();
    }
    return true;
}

template <typename Call>
void Relay::for_each_follower(QueryIndex leader, const Call& call) {
    // Taken out of its place, so that a call which comes here again finds another.
    std::vector<QueryIndex> followers = std::exchange(room_for_followers_, {});
    merged_.list_followers(leader, followers);
    for (const QueryIndex follower : followers) call(follower);
    followers.clear();
    room_for_followers_ = std::move(followers);
}

/// Who comes while it is asked for in vain already need not wait as those before did.
bool Relay::answer_stale_at_once(const Pool& pool, const cache::QuestionKey& key) {
    if (pool.settings->keeping.stale_after.count() == 0 || pool.upstreams.empty()) return true;
    const auto place = static_cast<std::uint32_t>(&pool - generations_.current().pools->pools.data());
    const QueryIndex leader = find_leader(key, place, {});
    return leader != no_query && queries_[leader].is_own;
}

bool Relay::ask_again(dns::Bytes message, const dns::Query& query, const Client& client, const Destination& to,
                      const cache::QuestionKey& key) {
    const Pool& pool = generations_.current().pools->pools[to.pool];
    if (pool.upstreams.empty() || find_leader(key, to.pool, message) != no_query) return false;
    const std::uint32_t route_limit = share_of(pool.settings->max_inflight, options_.workers);
    if (make_room(to.route, route_limit, message.size())) return false;
    const QueryIndex index = enter(message, query, client, to);
    make_own(index);
    queries_[index].is_merged = true;
    merged_.lead(index, key.hash);
    carry_out(index, queries_[index].attempts.begin());
    return true;
}

void Relay::make_own(QueryIndex index) {
    queries_[index].is_own = true;
    if (queries_[index].attempts.count() == 0) queries_[index].traced = 0;
    ++own_queries_;
}

QueryIndex Relay::find_leader(const cache::QuestionKey& key, std::uint32_t pool, dns::Bytes message) {
    const Generation& generation = generations_.current();
    return merged_.find(key.hash, [&](QueryIndex index) {
        const InFlight& leader = queries_[index];
        if (leader.generation != &generation || leader.pool != pool) return false;
        if (key.route == 0) return is_same_message(queries_.message(index), message, leader.query.question);
        std::array<std::uint8_t, cache::max_subnet_bytes> room;
        const dns::Bytes subnet = subnet_of(leader.client, *generation.pools->pools[pool].settings, room);
        return cache::is_same_question(cache::plain_key(queries_.message(index), leader.query, key.route, subnet), key);
    });
}

bool Relay::joins_another(QueryIndex index, const Sharing& sharing) {
    InFlight& entry = queries_[index];
    entry.is_merged = true;
    if (sharing.has_stale) {
        const auto after = generations_.current().pools->pools[entry.pool].settings->keeping.stale_after;
        entry.stale_due_ns = context_.now_ns + io::nanoseconds_of(after);
    }
    const QueryIndex leader = find_leader(*sharing.key, entry.pool, queries_.message(index));
    if (leader == no_query) {
        merged_.lead(index, sharing.key->hash);
        return false;
    }
    merged_.follow(index, leader);
    counters_.route(entry.route_slot).cache[CacheEvent::merged].add();
    if (trace_.is_on()) [[unlikely]] trace_.remembered("another asks the same: it waits for that reply");
    return true;
}

cache::QuestionKey Relay::key_of_leader(QueryIndex index, Sharing& room) {
    const InFlight& entry = queries_[index];
    const Pool& pool = entry.generation->pools->pools[entry.pool];
    const dns::Bytes subnet = subnet_of(entry.client, *pool.settings, room.subnet);
    auto key = cache::plain_key(queries_.message(index), entry.query, pool.keeping_serial, subnet);
    key.hash = merged_.hash_of(index);
    return key;
}

ReplyAtHand Relay::share_reply(QueryIndex index, const ReplyAtHand& reply) {
    const InFlight& entry = queries_[index];
    const ReplyAtHand clean = Answers::cleaned(entry, reply);
    const Pool& pool = entry.generation->pools->pools[entry.pool];
    const routing::Keeping& keeping = pool.settings->keeping;
    if (is_failure(clean.message) && keeping.stale.count() != 0 && give_kept(index, Lack::in_vain)) return clean;
    if (pool.keeping_serial != 0 && kept_.is_open()) {
        Sharing room;
        kept_.keep(clean.message, key_of_leader(index, room), keeping, entry.started_ns,
                   {context_.now_ns, clean.by_stream, entry.route_slot});
    }
    for_each_follower(index, [&](QueryIndex follower) {
        const InFlight& other = queries_[follower];
        if (!is_for(other, entry, clean.message)) return;
        answers_.shared(other, queries_.message(follower), clean, entry.query.has_edns);
        finish(follower);
    });
    return clean;
}

bool Relay::give_kept(QueryIndex index, Lack why) {
    InFlight& entry = queries_[index];
    const bool was_due = std::exchange(entry.stale_due_ns, never_ns) != never_ns;
    const Pool& pool = entry.generation->pools->pools[entry.pool];
    if (pool.keeping_serial == 0 || !kept_.is_open() || (!was_due && !entry.is_own)) return false;
    Sharing room;
    const cache::QuestionKey key = key_of_leader(index, room);
    const cache::Found found = kept_.find(key, context_.now_ns);
    if (!found) return false;
    const KeptAnswer kept(found.words);
    const bool is_stale = kept.age(context_.now_ns) == Age::stale;
    const auto give = [&](QueryIndex one) {
        const InFlight& other = queries_[one];
        const dns::MutableBytes message = queries_.message(one);
        dns::set_id(message, other.client_id);
        counters_.route(other.route_slot).cache[is_stale ? CacheEvent::stale : CacheEvent::hit].add();
        answers_.remembered(owed_for(other), message, kept);
    };
    for_each_follower(index, [&](QueryIndex follower) {
        give(follower);
        finish(follower);
    });
    if (!entry.is_own) {
        give(index);
        make_own(index);  // it goes on, to be kept
        clients_.done(entry.client);
    }
    if (why == Lack::in_vain) kept_.note_in_vain(key, context_.now_ns);
    return true;
}

void Relay::fail_followers(QueryIndex index) {
    const auto verdict = fail(telemetry::Rejection::no_upstream, queries_[index].attempts.error());
    for_each_follower(index, [&](QueryIndex follower) {
        answer(follower, verdict);
        finish(follower);
    });
}

void Relay::leave_merged(QueryIndex index) {
    const QueryIndex heir = merged_.leave(index);
    if (heir != no_query) to_begin_.push_back({heir, queries_[heir].serial});
}

}  // namespace dproxy::proxy
