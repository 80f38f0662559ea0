// SPDX-License-Identifier: MIT
// Held by tests/integration/test_routing.py, tests/integration/test_rejections.py,
// tests/integration/test_rate_limit.py.
#include "relay/relay.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "clients/limits.hpp"
#include "dns/reply.hpp"
#include "io/do_and_always.hpp"
#include "io/monotonic.hpp"
#include "queries/limits.hpp"
#include "queries/turn.hpp"
#include "relay/limits.hpp"
#include "relay/transport_label.hpp"
#include "relay/unix_seconds.hpp"
#include "upstreams/upstream_socket.hpp"

namespace dproxy::proxy {

using dns::ExtendedError;
using routing::LocalAnswer;
using telemetry::Drop;
using telemetry::Rejection;

Relay::Relay(boost::asio::io_context& io, unsigned index, const WorkerOptions& options,
             telemetry::WorkerCounters& counters, TcpLimits& tcp_limits, LoopReports& loop_reports)
    : options_(options),
      counters_(counters),
      queries_(options.max_inflight),
      deadlines_(queries_),
      context_{io, queries_, counters, *this},
      clients_(io, counters, options, tcp_limits, context_.received),
      generations_(context_),
      transfers_(context_, clients_, *this),
      own_hop_(options.cookie_secrets, options.tcp_idle_ns),
      records_(options.query_log, index, options.log_one_in, publication_, counters.query_log_dropped),
      client_tap_(context_.tap, clients_, publication_),
      trace_(options.trace, index, publication_, counters.trace_dropped, context_.now_ns),
      answers_(clients_, counters, own_hop_, records_, client_tap_, trace_, context_.now_ns),
      kept_(options.answers, index, counters),
      rate_limit_(options.rate_limit),
      loop_reports_(loop_reports),
      loops_(options.loop_token, loop_reports) {
    clients_.set_handler(*this);
    context_.now_ns = io::monotonic_ns();
    context_.tap = dnstap::Tap(options.dnstap, index, counters.dnstap_dropped);
    context_.first_reserved_descriptor = options.first_reserved_descriptor;
    context_.max_upstream_bytes = options.max_buffered / upstream_part;
}

Relay::~Relay() = default;

std::shared_ptr<const Publication> Relay::adopt(std::shared_ptr<const Publication> publication) {
    const bool other_table = !publication_ || publication_->table_serial != publication->table_serial;
    open_sharing(*publication->pools);
    records_.prepare(*publication);
    RouteInflight route_inflight;
    if (other_table) route_inflight.take_table(*publication->table);
    generations_.leave_slots(*publication);
    for (const telemetry::Slot slot : publication->route_slots_to_clear) counters_.route(slot).clear();
    for (const telemetry::Slot slot : publication->upstream_slots_to_clear) counters_.upstream(slot).clear();
    generations_.adopt(*publication);
    // From here on nothing fails: pools, table and counts are of one publication.
    publication_.swap(publication);
    if (!other_table) return publication;
    route_inflight_ = std::move(route_inflight);
    if (publication && !idle()) continue_counting(*publication->table);
    return publication;
}

void Relay::continue_counting(const routing::RouteTable& before) {
    RouteSuccession succession(before, *publication_->table);
    queries_.for_each([&](QueryIndex index) {
        InFlight& entry = queries_[index];
        entry.route = succession.successor_of(entry.route);
        if (entry.route != routing::no_route) route_inflight_.add(entry.route);
    });
    transfers_.succeed(succession, route_inflight_);
}

void Relay::on_turn(TurnKey) { context_.now_ns = io::monotonic_ns(); }

void Relay::flush(TurnKey) {
    trace_.taken();
    most_held_bytes_ = std::max(most_held_bytes_, held_bytes());
    if (held_bytes() > options_.max_buffered) free_bytes(held_bytes() - options_.max_buffered);
    // What links report may make the next attempt at once, on any link: a few times, as attempts are few.
    do {
        while (!context_.sockets_to_flush.empty()) {
            UpstreamSocket* socket = context_.sockets_to_flush.back();
            context_.sockets_to_flush.pop_back();
            socket->flush();
        }
        if (!context_.reports.empty()) take_reports();
        while (!to_begin_.empty()) {
            const Heir heir = to_begin_.back();
            to_begin_.pop_back();
            InFlight& entry = queries_[heir.query];
            if (entry.in_use && entry.serial == heir.serial) carry_out(heir.query, entry.attempts.begin());
        }
        while (!context_.with_room.empty()) {
            Upstream* upstream = context_.with_room.back();
            context_.with_room.pop_back();
            send_waiting(*upstream);
        }
    } while (!context_.sockets_to_flush.empty() || !context_.reports.empty());
    if (!context_.encryption_failures.empty()) tell_of_encryption();
    clients_.flush();
    answers_.forget_kept();
    if (!ticking_ && !idle()) {
        start_ticking_();
        ticking_ = true;
    }
}

bool Relay::tick() {
    {
        const Turn turn(*this);
        deadlines_.advance(context_.now_ns, [this](QueryIndex index) { wake(index); });
        transfers_.tick();
    }
    ticking_ = !idle();
    return ticking_;
}

void Relay::maintain() {
    const Turn turn(*this);
    transfers_.clear_ended();
    generations_.clear_leaving();
    queries_.trim();
    counters_.buffered_bytes.set(std::exchange(most_held_bytes_, held_bytes()));
    context_.ahead_left = max_opened_ahead;
    generations_.for_each_upstream([this](Upstream& upstream) {
        upstream.maintain();
        if (upstream.any_waiting()) send_waiting(upstream);
    });
    clients_.maintain();
    kept_.tell();
    trace_.maintain();
}

void Relay::cut_transfers() {
    const Turn turn(*this);
    transfers_.cut_all();
}

bool Relay::on_query(dns::MutableBytes message, const Client& client) {
    dns::Query query = dns::read_query(message);
    if (client_tap_.is_on()) [[unlikely]] client_tap_.asked(message, query, client, context_.now_ns);
    if (trace_.is_on()) [[unlikely]] trace_.asked(message, query, client);
    if (!query.hop.any) return take(message, query, client);
    Client known = client;
    message = own_hop_.take(message, query, known, unix_seconds());
    return take(message, query, known);
}

bool Relay::take(dns::MutableBytes message, const dns::Query& query, const Client& client) {
    auto verdict = judge_form(query);
    if (verdict && verdict->drop) {
        counters_.dropped[*verdict->drop].add();
        return false;
    }
    const auto family = client.source.is_v4() ? telemetry::Family::v4 : telemetry::Family::v6;
    const auto type = query.has_question ? telemetry::type_label(query.question.type) : telemetry::TypeLabel::other;
    const auto transport = static_cast<std::size_t>(transport_label(client.transport));
    counters_.requests[transport][static_cast<std::size_t>(family)][type].add();
    if (!verdict && !options_.allow_all && !options_.allow.contains(client.source.address())) {
        verdict = refuse(Rejection::not_allowed);
    }
    // Before the rate is asked: where queries go in circles, whoever sends them back is beyond it at once.
    const bool may_be_a_probe = query.question.type == dns::type::hinfo || publication_->table->depends_on_asker();
    if (!verdict && may_be_a_probe &&
        loops_.is_returned_probe(query.question.name(message), client.source.address(), context_.now_ns)) {
        verdict = fail(Rejection::loop, ExtendedError::loop);
    }
    if (!is_within_rate(message, query, client, !verdict)) return false;
    const dns::Bytes name = query.question.name(message);
    const bool is_query = query.opcode == static_cast<std::uint8_t>(dns::Opcode::query);
    if (!verdict && is_query && options_.designated.covers(name)) {
        verdict = designated_answer(options_.designated.records_of(name));
    }
    if (verdict) {
        answers_.judged({query, client, telemetry::no_route_slot, context_.now_ns}, message, *verdict);
        return false;
    }
    return begin(message, query, client, find_route(name, query.question.type, client));
}

/// Asked before any answer is made: whoever sends in another's name must not have more out of us than that one may ask
/// for, whatever the answer is.
bool Relay::is_within_rate(dns::Bytes message, const dns::Query& query, const Client& client, bool good) {
    if (options_.rate_limit == 0 || client.is_source_proved()) return true;
    const auto rate = rate_limit_.take(client.source.address(), context_.now_ns);
    if (rate == routing::RateVerdict::pass) return true;
    // What would be answered by an error over TCP as well need not come back that way.
    if (rate == routing::RateVerdict::drop || !good) {
        counters_.dropped[Drop::rate_limited].add();
        return false;
    }
    Verdict verdict;
    verdict.rejection = Rejection::rate_limited;
    verdict.answer.rcode = dns::Rcode::noerror;
    verdict.answer.truncated = true;
    answers_.judged({query, client, telemetry::no_route_slot, context_.now_ns}, message, verdict);
    return false;
}

Relay::Destination Relay::find_route(dns::Bytes name, std::uint16_t type, const Client& client) const {
    const routing::RouteTable& table = *publication_->table;
    const routing::RouteIndex route = table.depends_on_asker() ? route_for(name, type, client) : table.find(name);
    if (route != routing::no_route) return {table.settings_index(route), route, (*publication_->route_slots)[route]};
    const std::uint32_t master = publication_->pools->master;
    if (master == no_pool) return {};
    return {master, static_cast<routing::RouteIndex>(table.route_count()), telemetry::master_slot};
}

routing::RouteIndex Relay::route_for(dns::Bytes name, std::uint16_t type, const Client& client) const {
    const net::Address address = client.source.address();
    return publication_->table->find(name, {&address, type});
}

bool Relay::begin(dns::MutableBytes message, const dns::Query& query, const Client& client, const Destination& to) {
    counters_.route(to.slot).requests.add();
    if (trace_.is_on()) [[unlikely]] trace_.routed(to.route, query.question.name(message));
    const auto reject = [&](const Verdict& verdict) {
        answers_.judged({query, client, to.slot, context_.now_ns, to.route}, message, verdict);
        return false;
    };
    const auto say = [&](LocalAnswer written, Rejection why, ExtendedError error) {
        return reject(local_answer(publication_->table->truthful(written, query.question.name(message)), why, error));
    };
    if (to.pool == no_pool) return say(options_.no_route_answer, Rejection::no_route, ExtendedError::not_authoritative);
    const Pool& pool = generations_.current().pools->pools[to.pool];
    const routing::RouteSettings& settings = *pool.settings;
    if (!settings.allow_all && !settings.allow.contains(client.source.address())) {
        const bool master = to.slot == telemetry::master_slot;
        return reject(refuse(master ? Rejection::master_not_allowed : Rejection::route_not_allowed));
    }
    if (settings.answer == LocalAnswer::addresses) {
        return reject(address_answer(settings, next_rotation_++));
    }
    if (settings.answer != LocalAnswer::none) {
        return say(settings.answer, Rejection::route_answer, ExtendedError::prohibited);
    }
    Sharing sharing;
    if (settings.keeping.merge && is_remembered(message, query, client, to, sharing)) return false;
    if (pool.upstreams.empty()) {
        const bool waits = pool.why_empty == Rejection::not_ready;
        return reject(fail(pool.why_empty, waits ? ExtendedError::not_ready : ExtendedError::no_reachable_authority));
    }
    const RoutedName name{*publication_->table, to.route, pool.settings, query.question.name(message)};
    if (loops_.cover(name)) {
        return reject(fail(Rejection::loop, ExtendedError::loop));
    }
    const ZoneTransfer transfers = client.arrival().transfers;
    const bool carries_zones = transfers != ZoneTransfer::refused && routing::carries_zones(settings.protocol);
    if (!carries_zones && query.is_transfer()) return reject(refuse_transfer());
    const std::uint32_t route_limit = share_of(settings.max_inflight, options_.workers);
    if (const auto why_not = make_room(to.route, route_limit, message.size())) {
        return reject(fail(*why_not, ExtendedError::none));
    }
    if (transfers == ZoneTransfer::in_messages && query.is_transfer()) {
        const bool no_room = transfers_.count() >= options_.max_transfers && !transfers_.make_room(client);
        if (no_room) return reject(fail(Rejection::transfer_limit, ExtendedError::none));
        return begin_transfer(message, query, client, to);
    }

    const QueryIndex index = enter(message, query, client, to);
    if (sharing.key && joins_another(index, sharing)) return true;
    const bool look = loops_.is_look_due(route_inflight_.of(to.route), route_limit, context_.now_ns);
    io::do_and_always([&] { look ? loops_.look(queries_, index, name, route_limit, context_.now_ns) : void(); },
                      [&] { carry_out(index, queries_[index].attempts.begin()); });
    return true;  // ClientSide::done() has come already where nobody could be asked
}

QueryIndex Relay::enter(dns::Bytes message, const dns::Query& query, const Client& client, const Destination& to) {
    Generation& generation = generations_.current();
    const Pool& pool = generation.pools->pools[to.pool];
    const routing::RouteSettings& settings = *pool.settings;
    const QueryIndex index = store(message, query, client, settings);
    assert(index != no_query);
    const std::size_t sent = message.size() + (settings.proxy_protocol ? net::proxy_header_capacity : 0);
    InFlight& entry = queries_[index];
    entry.client = client;
    entry.query = query;
    entry.attempts = routing::Attempts({.settings = &settings,
                                        .upstreams = pool.upstreams.size(),
                                        .deadline_ns = context_.now_ns + io::nanoseconds_of(settings.timeout),
                                        .opcode = query.opcode,
                                        .came_by_stream = leaves_by_stream(client.arrival(), sent),
                                        .is_signed = query.is_signed,
                                        .has_subnet = entry.added_subnet != dns::AddedSubnet::nothing});
    entry.client_id = dns::id_of(message);
    entry.route_slot = to.slot;
    entry.pool = to.pool;
    entry.route = to.route;
    entry.traced = trace_.at_hand();
    if (client_tap_.is_on()) [[unlikely]] {
        entry.zone_length = client_tap_.zone_length(to.route, query.question.name(message));
    }
    entry.generation = &generation;
    entry.started_ns = context_.now_ns;
    ++generation.inflight;
    route_inflight_.add(to.route);
    if (settings.hedge != routing::Hedge::off) generation.hedges[to.pool].on_query();
    counters_.inflight.add();
    return index;
}

}  // namespace dproxy::proxy
