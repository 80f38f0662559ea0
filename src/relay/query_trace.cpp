// SPDX-License-Identifier: MIT
// Held by tests/integration/test_trace.py.
#include "relay/query_trace.hpp"

#include <cstdio>

#include "dns/name.hpp"
#include "dns/reply.hpp"
#include "relay/transport_label.hpp"
#include "routing/setting_names.hpp"
#include "telemetry/printable.hpp"
#include "trace/limits.hpp"
#include "upstreams/generation.hpp"

namespace dproxy::proxy {

namespace {

std::string milliseconds(std::uint64_t ns) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f ms", static_cast<double>(ns) / 1e6);
    return text;
}

std::string rcode_text(dns::Bytes answer) {
    const std::uint16_t rcode = dns::full_rcode_of(answer);
    return rcode < dns::rcode_badvers ? std::string(dns::rcode_name(static_cast<std::uint8_t>(rcode)))
                                      : "RCODE" + std::to_string(rcode);
}

std::string size_text(dns::Bytes message) { return std::to_string(message.size()) + " bytes"; }

std::string_view word_for(routing::AttemptOrder::Reason reason) {
    switch (reason) {
        case routing::AttemptOrder::Reason::first: return "the first attempt";
        case routing::AttemptOrder::Reason::retry: return "a further attempt";
        case routing::AttemptOrder::Reason::hedge: return "beside the first, as that takes long";
        case routing::AttemptOrder::Reason::moved: break;
    }
    return "the same attempt by another way";
}

/// As it is written, its begin.
std::string section_text(const routing::RouteTable& table, routing::RouteIndex route) {
    constexpr std::size_t begin_bytes = 100;
    std::string text = "[";
    table.append_label(text, route, begin_bytes);
    return text + "]";
}

std::string address_of(const Upstream& upstream) { return upstream.spec().key.endpoint.to_string(); }

}  // namespace

void QueryTrace::adopt(std::shared_ptr<const trace::Order> order) {
    if (!rings_) return;
    if (!ring_) ring_ = &rings_->open(worker_);
    order_ = std::move(order);
    first_ = next_;
}

void QueryTrace::note(std::uint32_t traced, std::uint64_t asked_ns, trace::Kind kind, std::string_view text) {
    if (traced < first_ || now_ns_ >= order_->until_ns) return;  // of none, of an earlier trace, or too late
    const trace::Step step{now_ns_, asked_ns, order_->serial, traced - first_, kind, text};
    const auto room = ring_->begin(trace::bytes_of(step));
    if (room.empty()) return dropped_.add();
    trace::write(step, room);
    ring_->commit();
}

void QueryTrace::asked(dns::Bytes message, const dns::Query& query, const Client& client) {
    at_hand_ = 0;
    if (!query.has_question || next_ - first_ >= trace::traced_queries) return;
    const dns::Bytes name = query.question.name(message);
    if (!dns::is_within(name, order_->name.wire())) return;
    at_hand_ = next_++;
    const std::string text = "for " + dns::name_to_text(name) + " " + std::string(dns::type_name(query.question.type)) +
                             " by " + client.source.endpoint().to_string() + " over " +
                             std::string(name_of(transport_label(client.transport))) + ", " + size_text(message);
    note(at_hand_, now_ns_, trace::Kind::asked, text);
}

void QueryTrace::routed(routing::RouteIndex route, dns::Bytes name) {
    if (at_hand_ == 0) return;
    const routing::RouteTable& table = *publication_->table;
    std::string text = "no pattern takes it";
    if (route < table.route_count()) {
        text = "by " + section_text(table, route);
    } else if (route != routing::no_route) {
        text += ": to the master upstream";
    }
    std::string_view before = "; not by ";
    for (const routing::RouteTable::Entry& entry : table.matches(name)) {
        if (entry.route == route || text.size() > trace::step_text_bytes) continue;
        text += std::string(before) + entry.pattern + " of " + section_text(table, entry.route);
        before = ", ";
    }
    note(at_hand_, now_ns_, trace::Kind::routed, telemetry::printable(text));
}

void QueryTrace::remembered(std::string_view what) { note(at_hand_, now_ns_, trace::Kind::memory, what); }

void QueryTrace::chosen(const InFlight& entry, routing::AttemptOrder::Reason reason) {
    if (entry.traced < first_) return;
    const PoolSet& pools = *entry.generation->pools;
    const Pool& pool = pools.pools[entry.pool];
    const Upstream& upstream = *entry.sent[entry.attempts.count() - 1u].upstream;
    std::size_t up = 0;
    for (const auto place : pool.upstreams) up += entry.generation->upstreams[place]->is_up();
    std::string text = address_of(upstream) + ", " + std::string(word_for(reason));
    if (pool.upstreams.size() > 1) {
        text += ", by policy " + std::string(name_of(pool.settings->policy)) + " of " +
                std::to_string(pool.upstreams.size()) + ", of which " + std::to_string(up) + " are up";
    }
    if (!upstream.is_up()) text += "; it is down, and risked";
    if (upstream.reply_time().known()) text += "; usually " + milliseconds(upstream.reply_time().mean_ns());
    note(entry, trace::Kind::chosen, text);
}

void QueryTrace::not_chosen(const InFlight& entry) { note(entry, trace::Kind::chosen, "nobody: none is left to ask"); }

void QueryTrace::sent(const InFlight& entry, const Attempt& attempt, bool by_stream, Sent outcome) {
    if (entry.traced < first_ || outcome == Sent::no) return;  // what failed says so itself
    const auto transport = name_of(attempt.upstream->transport(by_stream));
    std::string text = "to " + address_of(*attempt.upstream) + " over " + std::string(transport);
    if (outcome == Sent::waits) text += ", once a connection is free";
    note(entry, trace::Kind::sent, text);
}

void QueryTrace::replied(const InFlight& entry, const Attempt& attempt, dns::Bytes reply) {
    if (entry.traced < first_) return;
    std::string text = rcode_text(reply) + " from " + address_of(*attempt.upstream) + ", " + size_text(reply) +
                       ", after " + milliseconds(now_ns_ - attempt.sent_ns);
    if (dns::is_truncated(reply)) text += ", cut";
    note(entry, trace::Kind::reply, text);
}

void QueryTrace::failed(const InFlight& entry, const Attempt& attempt, telemetry::Failure failure) {
    if (entry.traced < first_) return;
    note(entry, trace::Kind::failed, address_of(*attempt.upstream) + ": " + std::string(name_of(failure)));
}

void QueryTrace::ordered(const InFlight& entry, const routing::AttemptOrder& order) {
    using Act = routing::AttemptOrder::Act;
    if (entry.traced < first_) return;
    if (order.act == Act::tell_overdue) {
        note(entry, trace::Kind::overdue,
             address_of(*entry.sent[order.attempt].upstream) + " has not replied in its time");
    } else if (order.act == Act::keep) {
        note(entry, trace::Kind::kept, "the reply, while another upstream is asked for a better one (fallback_on)");
    } else if (order.act == Act::deliver_kept) {
        note(entry, trace::Kind::kept, "the reply is good enough, as there was no better one");
    }
}

void QueryTrace::answered(const Owed& owed, dns::Bytes answer, const Origin& origin) {
    const std::uint32_t traced = owed.entry != nullptr ? owed.entry->traced : at_hand_;
    if (traced < first_) return;
    std::string text = rcode_text(answer) + ", " + size_text(answer) + ", from " + std::string(name_of(origin.source)) +
                       ", after " + milliseconds(now_ns_ - owed.started_ns);
    if (dns::is_truncated(answer)) text += ", cut";
    if (const auto error = dns::extended_error_of(answer)) text += ", Extended DNS Error " + std::to_string(*error);
    note(traced, owed.started_ns, trace::Kind::answered, text);
}

}  // namespace dproxy::proxy
