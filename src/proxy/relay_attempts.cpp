// SPDX-License-Identifier: MIT
// The part of the relay that concerns attempts: to whom a query is sent, when again, and what a reply means.
#include <algorithm>
#include <array>
#include <cstring>

#include "dns/client_subnet.hpp"
#include "dns/reply.hpp"
#include "proxy/pool_choice.hpp"
#include "proxy/relay.hpp"

namespace dproxy::proxy {

using routing::Protocol;
using routing::Step;
using telemetry::AttemptReason;
using telemetry::Drop;
using telemetry::Failure;
using telemetry::Rejection;
using telemetry::Source;
using telemetry::UpstreamTransport;

Upstream* Relay::choose(QueryIndex index) {
    const InFlight& entry = queries_[index];
    std::array<Upstream*, routing::max_attempts> tried;
    for (std::size_t i = 0; i < entry.attempt_count; ++i) tried[i] = entry.attempts[i].upstream;
    return choose_from_pool({*entry.generation, entry.pool, {tried.data(), entry.attempt_count},
                             entry.query.question.name(queries_.message(index))},
                            context_);
}

void Relay::attempt(QueryIndex index) {
    InFlight& entry = queries_[index];
    Upstream* upstream = choose(index);
    if (!upstream) return next_step(index, entry.plan.stop_sending());
    begin_attempt(index, *upstream, entry.attempt_count > 0 ? AttemptReason::retry : AttemptReason::first);
}

void Relay::hedge(QueryIndex index) {
    InFlight& entry = queries_[index];
    entry.hedge_ns = 0;
    Upstream* other = choose(index);
    const bool is_another = other && other != entry.attempts[0].upstream && other->is_up();
    if (is_another && entry.generation->hedges[entry.pool].take()) {
        return begin_attempt(index, *other, AttemptReason::hedge);
    }
    deadlines_.add(index, entry.attempt_end_ns);
}

void Relay::begin_attempt(QueryIndex index, Upstream& upstream, AttemptReason reason) {
    InFlight& entry = queries_[index];
    const bool over_tcp = goes_over_tcp(entry);
    const Attempt* last = entry.attempt_count > 0 ? &entry.attempts[entry.attempt_count - 1u] : nullptr;
    Attempt& attempt = entry.attempts[entry.attempt_count++];
    attempt.upstream = &upstream;
    attempt.open = true;
    entry.plan.sent();
    upstream.attempt_opened();
    const auto transport = over_tcp ? UpstreamTransport::tcp : UpstreamTransport::udp;
    upstream.counters().requests[static_cast<std::size_t>(transport)][reason].add();
    send_attempt(index, attempt, last && last->upstream == &upstream ? last->link : nullptr);
}

bool Relay::goes_over_tcp(const InFlight& entry) const {
    return !entry.client.is_udp() || entry.generation->pools->pools[entry.pool].settings->protocol == Protocol::tcp;
}

void Relay::send_attempt(QueryIndex index, Attempt& attempt, const Link* avoid) {
    InFlight& entry = queries_[index];
    attempt.link = nullptr;
    if (attempt.upstream->send(index, attempt, goes_over_tcp(entry), avoid) != Upstream::Sent::no) {
        schedule(index);
        return;
    }
    attempt.upstream->counters().failures[Failure::overload].add();
    close_attempt(attempt);
    next_step(index, entry.plan.attempt_failed(routing::AttemptEnd::overload));
}

void Relay::schedule(QueryIndex index) {
    InFlight& entry = queries_[index];
    const Attempt& newest = entry.attempts[entry.attempt_count - 1u];
    std::uint64_t wake_ns = entry.deadline_ns;
    entry.hedge_ns = 0;
    if (entry.plan.may_send() && !newest.overdue) {
        // However slow the upstream, every attempt that is left has its share of the time that is left.
        const std::uint64_t left_ns = entry.deadline_ns - std::min(entry.deadline_ns, context_.now_ns);
        const std::uint64_t share_ns = left_ns / (entry.plan.attempts_left() + 1u);
        wake_ns = context_.now_ns + std::min(share_ns, newest.upstream->reply_time().attempt_ns());
        entry.attempt_end_ns = wake_ns;
        if (const std::uint64_t hedge_ns = hedge_due_ns(entry); hedge_ns != 0 && hedge_ns < wake_ns) {
            wake_ns = entry.hedge_ns = hedge_ns;
        }
    }
    deadlines_.remove(index);
    deadlines_.add(index, wake_ns);
}

/// When the first attempt of a query is joined by a second one; 0: never.
std::uint64_t Relay::hedge_due_ns(const InFlight& entry) const {
    const routing::RouteSettings& settings = *entry.generation->pools->pools[entry.pool].settings;
    if (settings.hedge == routing::Hedge::off || entry.attempt_count != 1) return 0;
    const Attempt& first = entry.attempts[0];
    if (settings.hedge == routing::Hedge::after) return first.sent_ns + nanoseconds_of(settings.hedge_after);
    const std::uint64_t usual_ns = first.upstream->reply_quantile().value_ns();
    return usual_ns == 0 ? 0 : first.sent_ns + usual_ns;
}

void Relay::wake(QueryIndex index) {
    InFlight& entry = queries_[index];
    if (entry.hedge_ns != 0 && context_.now_ns < entry.attempt_end_ns) return hedge(index);
    Attempt& newest = entry.attempts[entry.attempt_count - 1u];
    // With a hedge, the first attempt is out of time as well by now.
    for (Attempt& attempt : entry.attempts) attempt.overdue = attempt.overdue || attempt.open;
    if (newest.link && newest.upstream->last_heard_ns() < newest.sent_ns) {
        newest.link->suspect(context_.now_ns);
        newest.upstream->overdue();
    }
    if (context_.now_ns >= entry.deadline_ns) return give_up(index);
    next_step(index, entry.plan.attempt_timed_out());
}

void Relay::next_step(QueryIndex index, Step step) {
    switch (step) {
        case Step::send:
            return attempt(index);
        case Step::wait:
            return schedule(index);
        case Step::give_up:
            return give_up(index);
    }
}

void Relay::close_attempt(Attempt& attempt) {
    if (attempt.link) attempt.link->release(attempt.id);
    attempt.link = nullptr;
    attempt.open = false;
    attempt.upstream->attempt_closed();
}

void Relay::give_up(QueryIndex index) {
    InFlight& entry = queries_[index];
    if (entry.fallback) {
        const auto kept = std::move(entry.fallback);
        deliver(entry, kept->message, kept->by_stream);
        finish(index);
        flush();  // before what was kept goes
        return;
    }
    const dns::MutableBytes message = queries_.message(index);
    dns::set_id(message, entry.client_id);
    Verdict verdict;
    verdict.answer.rcode = dns::Rcode::servfail;
    verdict.answer.error = entry.plan.error();
    verdict.rejection = Rejection::no_upstream;
    answer_own(message, entry.query, entry.client, verdict, entry.route_slot, entry.started_ns);
    finish(index);
}

void Relay::finish(QueryIndex index) {
    InFlight& entry = queries_[index];
    for (std::size_t i = 0; i < entry.attempt_count; ++i) {
        Attempt& attempt = entry.attempts[i];
        if (!attempt.open) continue;
        if (attempt.overdue) attempt.upstream->timed_out();
        attempt.upstream->left_open(context_.now_ns - attempt.sent_ns);
        close_attempt(attempt);
    }
    deadlines_.remove(index);
    counters_.inflight.subtract();
    --entry.generation->route_inflight[entry.route];
    Generation& generation = *entry.generation;
    const Client client = entry.client;
    queries_.release(index);
    generations_.left(generation);
    if (!client.is_udp()) tcp_.query_done(client);
}

void Relay::on_reply(QueryIndex index, Link& link, dns::MutableBytes reply) {
    InFlight& entry = queries_[index];
    const std::uint16_t id = dns::id_of(reply);
    Attempt* attempt = nullptr;
    for (std::size_t i = 0; i < entry.attempt_count; ++i) {
        if (entry.attempts[i].open && entry.attempts[i].link == &link && entry.attempts[i].id == id) {
            attempt = &entry.attempts[i];
        }
    }
    if (!attempt) {
        counters_.dropped[Drop::reply_unexpected].add();
        link.upstream().heard_late(reply);
        return;
    }
    telemetry::UpstreamCounters& counters = attempt->upstream->counters();
    const auto fault = dns::check_reply(queries_.message(index), entry.query.question, reply);
    if (fault != dns::ReplyFault::none) {
        counters_.dropped[Drop::reply_mismatch].add();
        counters.failures[Failure::mismatch].add();
        return;
    }
    attempt->upstream->replied(context_.now_ns - attempt->sent_ns);
    attempt->overdue = false;
    counters.responses[telemetry::rcode_label(dns::rcode_of(reply))].add();

    if (falls_back(entry, dns::rcode_of(reply))) {
        if (!entry.fallback) {
            entry.fallback = std::make_unique<StoredReply>();
            entry.fallback->message.assign(reply.begin(), reply.end());
            entry.fallback->by_stream = link.is_stream();
        }
        close_attempt(*attempt);
        return next_step(index, entry.plan.attempt_failed(routing::AttemptEnd::fell_back));
    }
    deliver(entry, reply, link.is_stream());
    finish(index);
}

bool Relay::falls_back(const InFlight& entry, std::uint8_t rcode) const {
    const Pool& pool = entry.generation->pools->pools[entry.pool];
    const std::uint8_t on = pool.settings->fallback_on;
    const bool is_query = entry.query.opcode == static_cast<std::uint8_t>(dns::Opcode::query);
    const bool named = is_query && routing::fallback::names(on, rcode);
    // The same upstream would only say it again: another one is needed, or another attempt that is open.
    const bool another = entry.plan.may_send() && entry.attempt_count < pool.upstreams.size();
    return named && (another || entry.plan.open() > 1 || entry.fallback);
}

void Relay::deliver(const InFlight& entry, dns::MutableBytes reply, bool by_stream) {
    dns::set_id(reply, entry.client_id);
    if (entry.added_subnet != dns::AddedSubnet::nothing) {
        reply = reply.first(dns::remove_client_subnet(reply, entry.added_subnet));
    }
    const std::size_t limit = by_stream ? std::min<std::size_t>(entry.query.udp_size, dns::safe_udp_size)
                                        : entry.query.udp_size;
    if (entry.client.is_udp() && reply.size() > limit) {
        const dns::MutableBytes cut = udp_.scratch(entry.client);
        const std::size_t length = dns::write_truncated(reply, std::min(limit, dns::safe_udp_size), cut);
        answer(entry.client, cut.first(length), entry.route_slot, Source::upstream, entry.started_ns);
    } else {
        answer(entry.client, reply, entry.route_slot, Source::upstream, entry.started_ns);
    }
}

void Relay::on_link_failure(QueryIndex index, Link& link, Failure failure) {
    const std::uint32_t serial = queries_[index].serial;
    for (std::size_t i = 0; i < routing::max_attempts; ++i) {
        InFlight& entry = queries_[index];
        if (!entry.in_use || entry.serial != serial || i >= entry.attempt_count) return;
        Attempt& attempt = entry.attempts[i];
        if (!attempt.open || attempt.link != &link) continue;
        attempt.upstream->counters().failures[failure].add();
        close_attempt(attempt);
        const auto end = failure == Failure::overload ? routing::AttemptEnd::overload : routing::AttemptEnd::network;
        next_step(index, entry.plan.attempt_failed(end));
    }
}

void Relay::on_stale_stream(QueryIndex index, Link& link) {
    InFlight& entry = queries_[index];
    if (entry.query.opcode != static_cast<std::uint8_t>(dns::Opcode::query)) {
        return on_link_failure(index, link, Failure::closed);
    }
    for (std::size_t i = 0; i < entry.attempt_count; ++i) {
        Attempt& attempt = entry.attempts[i];
        if (!attempt.open || attempt.link != &link) continue;
        link.release(attempt.id);
        send_attempt(index, attempt, &link);
        return;
    }
}

void Relay::on_stream_free(Upstream& upstream) {
    for (QueryIndex index = upstream.next_waiting(); index != no_query; index = upstream.next_waiting()) {
        InFlight& entry = queries_[index];
        for (std::size_t i = 0; i < entry.attempt_count; ++i) {
            Attempt& attempt = entry.attempts[i];
            if (!attempt.open || attempt.link || attempt.upstream != &upstream) continue;
            send_attempt(index, attempt, nullptr);
            break;
        }
    }
}

}  // namespace dproxy::proxy
