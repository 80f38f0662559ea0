// SPDX-License-Identifier: MIT
// The part of the relay that concerns attempts: what comes from upstreams is told to a query's attempts
// (routing/attempts.hpp), and what they order is carried out.
// Held by tests/integration/test_upstream_failures.py, tests/integration/test_upstream_tcp.py,
// tests/integration/test_forgeries.py.
#include <algorithm>
#include <array>
#include <utility>

#include "dns/client_subnet.hpp"
#include "dns/reply.hpp"
#include "io/do_and_always.hpp"
#include "queries/limits.hpp"
#include "relay/relay.hpp"
#include "upstreams/pool_choice.hpp"
#include "upstreams/upstream_tap.hpp"

namespace dproxy::proxy {

using routing::AttemptNumber;
using routing::AttemptOrder;
using routing::no_attempt;
using telemetry::AttemptReason;
using telemetry::Drop;
using telemetry::Failure;
using telemetry::Rejection;

namespace {

AttemptReason label_of(AttemptOrder::Reason reason) {
    switch (reason) {
        case AttemptOrder::Reason::first:
            return AttemptReason::first;
        case AttemptOrder::Reason::hedge:
            return AttemptReason::hedge;
        case AttemptOrder::Reason::retry:
        case AttemptOrder::Reason::moved:
            break;
    }
    return AttemptReason::retry;
}

routing::Attempts::Failure kind_of(Failure failure) {
    return failure == Failure::overload ? routing::Attempts::Failure::overload : routing::Attempts::Failure::network;
}

routing::UsualTime usual_time(const InFlight& entry) {
    if (entry.attempts.count() == 0) return {};
    const Upstream& newest = *entry.sent[entry.attempts.count() - 1u].upstream;
    return {newest.reply_time().attempt_ns(), newest.reply_quantile().value_ns()};
}

/// The open attempt of the query that has this ticket of this link.
AttemptNumber find_attempt(const InFlight& entry, const Link& link, Ticket ticket) {
    if (!entry.in_use) return no_attempt;
    for (AttemptNumber number = 0; number < entry.attempts.count(); ++number) {
        const Attempt& attempt = entry.sent[number];
        if (entry.attempts.is_open(number) && attempt.link == &link && attempt.ticket == ticket) return number;
    }
    return no_attempt;
}

}  // namespace

void Relay::carry_out(QueryIndex index, AttemptOrder order, const ReplyAtHand* reply) {
    const std::uint32_t serial = queries_[index].serial;
    try {
        while (order.act != AttemptOrder::Act::nothing) order = carry_out_one(index, order, reply);
    } catch (...) {  // no memory for an answer: it is still owed
        const InFlight& entry = queries_[index];
        if (entry.in_use && entry.serial == serial && entry.wake_ns == 0) deadlines_.add(index, context_.now_ns);
        throw;
    }
}

AttemptOrder Relay::carry_out_one(QueryIndex index, const AttemptOrder& order, const ReplyAtHand* reply) {
    InFlight& entry = queries_[index];
    if (order.closed != no_attempt) close_attempt(index, entry.sent[order.closed]);
    if (trace_.is_on()) [[unlikely]] trace_.ordered(entry, order);
    switch (order.act) {
        case AttemptOrder::Act::nothing:
            break;
        case AttemptOrder::Act::choose:
        case AttemptOrder::Act::send:
            return choose_or_send(index, order);
        case AttemptOrder::Act::tell_overdue:
            entry.sent[order.attempt].upstream->overdue(entry.sent[order.attempt], entry.query.question.type);
            return entry.attempts.time_came(context_.now_ns);
        case AttemptOrder::Act::keep:
            queries_.keep_reply(index, reply->message, reply->by_stream, reply->added);
            entry.fallback->upstream = reply->upstream;
            return entry.attempts.kept();
        case AttemptOrder::Act::wait:
            wait(index, order.until_ns);
            break;
        case AttemptOrder::Act::deliver:
            deliver(index, *reply);
            break;
        case AttemptOrder::Act::deliver_kept:
            deliver_kept(index);
            break;
        case AttemptOrder::Act::fail:
            end_in_vain(index);
            break;
    }
    return {};
}

AttemptOrder Relay::choose_or_send(QueryIndex index, const AttemptOrder& order) {
    try {
        return order.act == AttemptOrder::Act::choose ? choose(index, order.reason) : send(index, order);
    } catch (...) {  // no memory: as if the upstream were silent
        routing::Attempts& attempts = queries_[index].attempts;
        wait(index, attempts.sent(usual_time(queries_[index]), context_.now_ns).until_ns);
        throw;
    }
}

AttemptOrder Relay::choose(QueryIndex index, AttemptOrder::Reason reason) {
    InFlight& entry = queries_[index];
    std::array<Upstream*, routing::max_attempts> tried{};
    for (std::size_t i = 0; i < entry.attempts.count(); ++i) tried[i] = entry.sent[i].upstream;
    Upstream* upstream = choose_from_pool({*entry.generation, entry.pool, {tried.data(), entry.attempts.count()},
                                           entry.query.question.name(queries_.message(index)), entry.client.source},
                                          context_);
    if (upstream && reason == AttemptOrder::Reason::hedge) {
        const bool is_another = upstream != tried[0] && upstream->is_up();
        if (!is_another || !entry.generation->hedges[entry.pool].take()) upstream = nullptr;
    }
    if (!upstream) {
        if (trace_.is_on() && reason != AttemptOrder::Reason::hedge) [[unlikely]] trace_.not_chosen(entry);
        return entry.attempts.nobody_left();
    }
    const AttemptOrder order = entry.attempts.chosen();
    entry.sent[order.attempt].upstream = upstream;
    if (trace_.is_on()) [[unlikely]] trace_.chosen(entry, reason);
    upstream->attempt_opened();
    return order;
}

AttemptOrder Relay::send(QueryIndex index, const AttemptOrder& order) {
    InFlight& entry = queries_[index];
    Attempt& attempt = entry.sent[order.attempt];
    Upstream& upstream = *attempt.upstream;
    Link* const avoid = order.avoid == no_attempt ? nullptr : entry.sent[order.avoid].link;
    if (Link* const link = std::exchange(attempt.link, nullptr)) link->release(attempt.ticket);
    const auto manner =
        entry.attempts.manner(order.attempt, {upstream.refuses_subnet(), upstream.insists_on_cookies()});
    if (manner.takes_back_subnet) take_back_subnet(index);
    if (order.reason != AttemptOrder::Reason::moved) {
        const auto transport = static_cast<std::size_t>(upstream.transport(manner.by_stream));
        upstream.counters().requests[transport][label_of(order.reason)].add();
    }
    Sending sending = upstream.send(index, attempt, manner.by_stream, avoid);
    if (sending.sent == Sent::full) {
        const auto others = upstream.who_gives_way_to(index);
        for (const QueryIndex other : others) give_way(other, Rejection::stream_limit);
        if (!others.empty()) sending = upstream.send(index, attempt, true, avoid);
        if (sending.sent == Sent::full) sending = upstream.wait(index, avoid);
    }
    if (trace_.is_on()) [[unlikely]] trace_.sent(entry, attempt, manner.by_stream, sending.sent);
    if (sending.sent != Sent::no) return entry.attempts.sent(usual_time(entry), context_.now_ns);
    note_failure(index, attempt, sending.failure);
    return entry.attempts.not_sent(order.attempt, kind_of(sending.failure));
}

void Relay::note_failure(QueryIndex index, const Attempt& attempt, Failure failure) {
    attempt.upstream->counters().failures[failure].add();
    if (trace_.is_on()) [[unlikely]] trace_.failed(queries_[index], attempt, failure);
    if (failure != Failure::overload) attempt.upstream->refused(queries_[index].query.question.type);
}

void Relay::deliver_kept(QueryIndex index) {
    answers_.expect_kept_reply();
    auto kept = queries_.take_reply(index);
    if (!kept) return end_in_vain(index);  // there was no memory to deliver it when it was tried before
    const ReplyAtHand reply{kept->message, kept->by_stream, kept->added, kept->upstream};
    answers_.keep(std::move(kept));
    deliver(index, reply);
}

void Relay::deliver(QueryIndex index, const ReplyAtHand& reply) {
    const InFlight& entry = queries_[index];
    const ReplyAtHand shared = entry.is_merged ? share_reply(index, reply) : reply;
    if (!entry.is_own) answers_.replied(entry, queries_.message(index), shared);
    finish(index);
}

void Relay::end_in_vain(QueryIndex index) {
    const InFlight& entry = queries_[index];
    if (!entry.is_merged || !give_kept(index, Lack::in_vain)) {
        if (entry.is_merged) fail_followers(index);
        answer(index, fail(Rejection::no_upstream, entry.attempts.error()));
    }
    finish(index);
}

void Relay::answer(QueryIndex index, const Verdict& verdict) {
    const InFlight& entry = queries_[index];
    if (entry.is_own) return;
    const dns::MutableBytes message = queries_.message(index);
    dns::set_id(message, entry.client_id);
    answers_.judged(owed_for(entry), message, verdict);
}

void Relay::wait(QueryIndex index, std::uint64_t until_ns) {
    deadlines_.remove(index);
    deadlines_.add(index, std::min(until_ns, queries_[index].stale_due_ns));
}

void Relay::wake(QueryIndex index) {
    if (queries_[index].stale_due_ns <= context_.now_ns) give_kept(index, Lack::late);
    carry_out(index, queries_[index].attempts.time_came(context_.now_ns));
}

void Relay::close_attempt(QueryIndex index, Attempt& attempt) {
    if (Link* const link = std::exchange(attempt.link, nullptr)) {
        link->release(attempt.ticket);
    } else {
        attempt.upstream->stop_waiting(index);
    }
    attempt.upstream->attempt_closed();
}

void Relay::give_up_attempt(QueryIndex index, AttemptNumber number) {
    const InFlight& entry = queries_[index];
    Attempt& attempt = queries_[index].sent[number];
    if (entry.attempts.is_overdue(number)) attempt.upstream->timed_out(entry.query.question.type);
    attempt.upstream->left_open(context_.now_ns - attempt.sent_ns);
    Link* const link = std::exchange(attempt.link, nullptr);
    if (!link) return close_attempt(index, attempt);
    link->give_up(attempt.ticket, hash_of_question(queries_.message(index), entry.query.question));
    attempt.upstream->attempt_closed();
}

void Relay::finish(QueryIndex index) {
    InFlight& entry = queries_[index];
    entry.attempts.end();
    if (entry.is_merged) leave_merged(index);
    for (AttemptNumber number = 0; number < entry.attempts.count(); ++number) {
        if (entry.attempts.is_open(number)) give_up_attempt(index, number);
    }
    deadlines_.remove(index);
    counters_.inflight.subtract();
    route_inflight_.subtract(entry.route);
    Generation& generation = *entry.generation;
    const Client client = entry.client;
    const bool is_own = entry.is_own;
    queries_.release(index);
    generations_.left(generation);
    is_own ? static_cast<void>(--own_queries_) : clients_.done(client);
}

bool Relay::on_reply(QueryIndex index, Link& link, Ticket ticket, dns::MutableBytes message) {
    InFlight& entry = queries_[index];
    const AttemptNumber number = find_attempt(entry, link, ticket);
    if (number == no_attempt) {
        counters_.dropped[Drop::reply_unexpected].add();
        return false;
    }
    const Attempt& attempt = entry.sent[number];
    Upstream& upstream = *attempt.upstream;
    const auto fault = dns::check_reply(queries_.message(index), entry.query.question, message);
    if (fault != dns::ReplyFault::none) {
        counters_.dropped[Drop::reply_mismatch].add();
        // Where each query is answered once, it has failed by that: its link says so.
        if (!link.traits().is_multiplexed) upstream.counters().failures[Failure::mismatch].add();
        return false;
    }
    if (trace_.is_on()) [[unlikely]] trace_.replied(entry, attempt, message);
    if (context_.tap.is_on()) [[unlikely]] tell_replied(link, index, attempt.sent_ns, message);
    link.heard(context_.now_ns);
    upstream.replied(context_.now_ns - attempt.sent_ns, entry.query.question.type);
    const std::uint16_t rcode = dns::full_rcode_of(message);
    upstream.counters().responses[telemetry::rcode_label(rcode)].add();
    const auto added = entry.attempts.has_subnet(number) ? entry.added_subnet : dns::AddedSubnet::nothing;
    const ReplyAtHand reply{message, link.traits().is_stream, added, &upstream};
    AttemptOrder order;
    const bool is_cut = entry.client.arrival().natural == Carriage::datagram_first && dns::is_truncated(message) &&
                        !link.traits().is_stream;
    if (is_cut) order = entry.attempts.reply_cut(number);
    if (order.act == AttemptOrder::Act::nothing) {
        order = entry.attempts.replied(number, rcode, link.traits().is_stream);
    }
    if (order.note == AttemptOrder::Note::insists_on_cookies) upstream.note_insists_on_cookies();
    if (order.note == AttemptOrder::Note::refuses_subnet) upstream.note_refuses_subnet();
    carry_out(index, order, &reply);
    return true;
}

void Relay::on_link_failure(QueryIndex index, Link& link, Ticket ticket, Failure failure) {
    InFlight& entry = queries_[index];
    const AttemptNumber number = find_attempt(entry, link, ticket);
    if (number == no_attempt) return;
    const AttemptOrder order = entry.attempts.failed(number, kind_of(failure), link.traits().is_stream);
    if (order.note == AttemptOrder::Note::failed) note_failure(index, entry.sent[number], failure);
    carry_out(index, order);
}

void Relay::tell_of_encryption() {
    const auto failures = std::exchange(context_.encryption_failures, {});
    for (const EncryptionFailure& one : failures) loop_reports_.encryption_failed(one.serial, one.reason);
}

void Relay::take_reports() {
    reports_.swap(context_.reports);
    io::do_and_always(
        [this] {
            for (const LinkReport& report : reports_) take_report(report);
        },
        [this] { reports_.clear(); });
}

void Relay::take_report(const LinkReport& report) {
    switch (report.kind) {
        case LinkReport::Kind::failed:
            return on_link_failure(report.query, *report.link, report.ticket, report.failure);
        case LinkReport::Kind::unheard:
        case LinkReport::Kind::stale:
            return on_no_chance(report);
        case LinkReport::Kind::doubted:
            for (const QueryIndex index : report.link->waiting()) on_hint(index, *report.link, report.failure);
            return;
        case LinkReport::Kind::guessed:
            return on_guesses(*report.link);
    }
}

void Relay::on_hint(QueryIndex index, Link& link, Failure failure) {
    InFlight& entry = queries_[index];
    if (!entry.in_use) return;
    const AttemptNumber count = entry.attempts.count();
    for (AttemptNumber number = 0; number < count; ++number) {
        if (entry.sent[number].link != &link) continue;
        const AttemptOrder order = entry.attempts.doubted(number);
        if (order.note == AttemptOrder::Note::failed) note_failure(index, entry.sent[number], failure);
        carry_out(index, order);
    }
}

void Relay::on_no_chance(const LinkReport& report) {
    InFlight& entry = queries_[report.query];
    const AttemptNumber number = find_attempt(entry, *report.link, report.ticket);
    if (number == no_attempt) return;
    const bool is_unheard = report.kind == LinkReport::Kind::unheard;
    const AttemptOrder order = is_unheard ? entry.attempts.unheard(number) : entry.attempts.cut_off(number);
    if (order.note == AttemptOrder::Note::failed) note_failure(report.query, entry.sent[number], report.failure);
    carry_out(report.query, order);
}

void Relay::on_guesses(Link& socket) {
    loop_reports_.replies_guessed(socket.upstream().spec().key.endpoint);
    for (const QueryIndex index : socket.waiting()) {
        InFlight& entry = queries_[index];
        if (!entry.in_use) continue;
        const AttemptNumber count = entry.attempts.count();
        for (AttemptNumber number = 0; number < count; ++number) {
            if (entry.sent[number].link != &socket) continue;
            const AttemptOrder order = entry.attempts.guessed_at(number);
            if (order.act == AttemptOrder::Act::nothing) continue;
            entry.sent[number].upstream->counters().failures[Failure::guessed].add();
            carry_out(index, order);
        }
    }
}

void Relay::send_waiting(Upstream& upstream) {
    for (QueryIndex index = upstream.next_waiting(); index != no_query; index = upstream.next_waiting()) {
        InFlight& entry = queries_[index];
        for (AttemptNumber number = 0; number < entry.attempts.count(); ++number) {
            const Attempt& attempt = entry.sent[number];
            if (!entry.attempts.is_open(number) || attempt.link || attempt.upstream != &upstream) continue;
            carry_out(index, entry.attempts.stream_free(number));
            break;
        }
    }
}

}  // namespace dproxy::proxy
