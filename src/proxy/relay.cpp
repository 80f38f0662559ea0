// SPDX-License-Identifier: MIT
#include "proxy/relay.hpp"

#include <algorithm>
#include <cassert>

#include "dns/reply.hpp"
#include "proxy/monotonic.hpp"
#include "proxy/upstream_socket.hpp"

namespace dproxy::proxy {

using dns::ExtendedError;
using routing::LocalAnswer;
using routing::Protocol;
using routing::Step;
using telemetry::AttemptReason;
using telemetry::Drop;
using telemetry::Failure;
using telemetry::Rejection;
using telemetry::Source;
using telemetry::Transport;
using telemetry::UpstreamTransport;

Relay::Relay(boost::asio::io_context& io, const WorkerOptions& options, telemetry::WorkerCounters& counters,
             TcpLimits& tcp_limits, LoopReports& loop_reports)
    : options_(options),
      counters_(counters),
      queries_(options.max_inflight),
      deadlines_(queries_),
      context_{io, queries_, counters, *this, {}, {}, {}, {}, 0, {}},
      udp_(io, counters, context_.received),
      tcp_(io, counters, options, tcp_limits),
      generations_(context_),
      transfers_(context_, tcp_, *this),
      rate_limit_(options.rate_limit),
      loop_reports_(loop_reports) {
    udp_.set_handler(*this);
    tcp_.set_handler(*this);
    context_.now_ns = monotonic_ns();
}

Relay::~Relay() = default;

std::shared_ptr<const Publication> Relay::adopt(std::shared_ptr<const Publication> publication) {
    on_turn();
    for (const telemetry::Slot slot : publication->route_slots_to_clear) counters_.route(slot).clear();
    for (const telemetry::Slot slot : publication->upstream_slots_to_clear) counters_.upstream(slot).clear();
    generations_.adopt(*publication);
    publication_.swap(publication);
    return publication;
}

void Relay::on_turn() { context_.now_ns = monotonic_ns(); }

void Relay::flush() {
    // A send that fails may make the next attempt at once, on another socket.
    while (!context_.sockets_to_flush.empty()) {
        UpstreamSocket* socket = context_.sockets_to_flush.back();
        context_.sockets_to_flush.pop_back();
        socket->flush();
    }
    udp_.flush();
    if (!ticking_ && !idle()) {
        ticking_ = true;
        start_ticking_();
    }
}

bool Relay::tick() {
    on_turn();
    deadlines_.advance(context_.now_ns, [this](QueryIndex index) { wake(index); });
    transfers_.tick();
    flush();
    ticking_ = !idle();
    return ticking_;
}

void Relay::maintain() {
    on_turn();
    transfers_.clear_ended();
    generations_.clear_leaving();
    generations_.for_each_upstream([](Upstream& upstream) { upstream.maintain(); });
    tcp_.maintain();
    flush();
}

bool Relay::on_query(dns::MutableBytes message, const Client& client) {
    const dns::Query query = dns::read_query(message);
    if (const auto verdict = judge_form(query); verdict && verdict->drop) {
        counters_.dropped[*verdict->drop].add();
        return false;
    } else {
        const auto family = client.peer.is_v4() ? telemetry::Family::v4 : telemetry::Family::v6;
        const auto type = query.has_question ? telemetry::type_label(query.question.type) : telemetry::TypeLabel::other;
        counters_.requests[static_cast<std::size_t>(client.transport)][static_cast<std::size_t>(family)][type].add();
        if (verdict) {
            answer_own(message, query, client, *verdict, telemetry::no_route_slot, context_.now_ns);
            return false;
        }
    }
    if (!options_.allow_all && !options_.allow.contains(client.peer.address())) {
        answer_own(message, query, client, refuse(Rejection::not_allowed), telemetry::no_route_slot, context_.now_ns);
        return false;
    }
    if (options_.rate_limit > 0 && client.is_udp()) {
        const auto rate = rate_limit_.take(client.peer.address(), context_.now_ns);
        if (rate == routing::RateVerdict::drop) {
            counters_.dropped[Drop::rate_limited].add();
            return false;
        }
        if (rate == routing::RateVerdict::truncate) {
            Verdict verdict;
            verdict.rejection = Rejection::rate_limited;
            verdict.answer.rcode = dns::Rcode::noerror;
            verdict.answer.truncated = true;
            answer_own(message, query, client, verdict, telemetry::no_route_slot, context_.now_ns);
            return false;
        }
    }
    if (query.question.type == dns::type::hinfo && take_loop_probe(message, query, client)) return false;
    return begin(message, query, client, find_route(query.question.name(message)));
}

Relay::Destination Relay::find_route(dns::Bytes name) const {
    const routing::RouteTable& table = *publication_->table;
    const routing::RouteIndex route = table.find(name);
    if (route != routing::no_route) return {table.settings_index(route), route, (*publication_->route_slots)[route]};
    const std::uint32_t master = publication_->pools->master;
    if (master == no_pool) return {};
    return {master, static_cast<routing::RouteIndex>(table.route_count()), telemetry::master_slot};
}

bool Relay::begin(dns::MutableBytes message, const dns::Query& query, const Client& client, const Destination& to) {
    counters_.route(to.slot).requests.add();
    const auto reject = [&](const Verdict& verdict) {
        answer_own(message, query, client, verdict, to.slot, context_.now_ns);
        return false;
    };
    if (to.pool == no_pool) {
        return reject(local_answer(options_.no_route_answer, Rejection::no_route, ExtendedError::not_authoritative));
    }
    Generation& generation = generations_.current();
    const Pool& pool = generation.pools->pools[to.pool];
    const routing::RouteSettings& settings = *pool.settings;
    if (!settings.allow_all && !settings.allow.contains(client.peer.address())) {
        const bool master = to.slot == telemetry::master_slot;
        return reject(refuse(master ? Rejection::master_not_allowed : Rejection::route_not_allowed));
    }
    if (settings.answer != LocalAnswer::none) {
        return reject(local_answer(settings.answer, Rejection::route_answer, ExtendedError::prohibited));
    }
    if (pool.upstreams.empty()) {
        const bool waits = pool.why_empty == Rejection::not_ready;
        return reject(fail(pool.why_empty, waits ? ExtendedError::not_ready : ExtendedError::no_reachable_authority));
    }
    if (loop_marks_ && !loop_marks_->empty() && would_loop(query.question.name(message), to, settings)) {
        return reject(fail(Rejection::loop, ExtendedError::loop));
    }
    std::uint32_t& route_inflight = generation.route_inflight[to.route];
    const std::uint32_t route_limit = share_of(settings.max_inflight, options_.workers);
    if (route_inflight >= route_limit) {
        return reject(fail(Rejection::route_inflight_limit, ExtendedError::none));
    }
    if (queries_.size() + transfers_.count() >= options_.max_inflight) {
        return reject(fail(Rejection::inflight_limit, ExtendedError::none));
    }
    if (!client.is_udp() && query.is_transfer()) {
        if (!transfers_.has_room()) return reject(fail(Rejection::transfer_limit, ExtendedError::none));
        return begin_transfer(message, query, client, to);
    }

    const QueryIndex index = store(message, query, client, settings);
    assert(index != no_query);
    InFlight& entry = queries_[index];
    entry.client = client;
    entry.query = query;
    entry.plan = routing::QueryPlan(query.opcode, settings.attempts);
    entry.client_id = dns::id_of(message);
    entry.route_slot = to.slot;
    entry.pool = to.pool;
    entry.route = to.route;
    entry.generation = &generation;
    entry.started_ns = context_.now_ns;
    entry.deadline_ns = context_.now_ns + nanoseconds_of(settings.timeout);
    ++generation.inflight;
    ++route_inflight;
    if (settings.hedge != routing::Hedge::off) generation.hedges[to.pool].on_query();
    counters_.inflight.add();
    if (loop_suspicion_.is_due(route_inflight, route_limit, context_.now_ns)) suspect_loop(index, to, route_limit);
    attempt(index);
    return true;  // query_done() has come already where nobody could be asked
}

void Relay::answer(const Client& client, dns::Bytes message, telemetry::Slot route_slot, Source source,
                   std::uint64_t started_ns) {
    counters_.duration[static_cast<std::size_t>(client.transport)].observe(context_.now_ns - started_ns);
    const auto rcode = telemetry::rcode_label(dns::rcode_of(message));
    counters_.responses[static_cast<std::size_t>(client.transport)][static_cast<std::size_t>(rcode)][source].add();
    counters_.route(route_slot).responses[rcode].add();
    if (client.is_udp()) {
        udp_.send(client, message);
    } else if (!tcp_.send(client, message)) {
        counters_.dropped[Drop::client_gone].add();
    }
}

void Relay::answer_own(dns::Bytes message, const dns::Query& query, const Client& client, const Verdict& verdict,
                       telemetry::Slot route_slot, std::uint64_t started_ns) {
    if (verdict.drop) {
        counters_.dropped[*verdict.drop].add();
        return;
    }
    counters_.rejected[verdict.rejection].add();
    if (client.is_udp()) {
        const dns::MutableBytes out = udp_.scratch(client);
        const std::size_t length = dns::write_own_answer(message, query, verdict.answer, out);
        answer(client, out.first(length), route_slot, Source::local, started_ns);
        return;
    }
    std::uint8_t out[dns::own_answer_capacity];
    const std::size_t length = dns::write_own_answer(message, query, verdict.answer, out);
    answer(client, {out, length}, route_slot, Source::local, started_ns);
}

}  // namespace dproxy::proxy
