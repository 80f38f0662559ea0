// SPDX-License-Identifier: MIT
#include "relay/answers.hpp"

#include <algorithm>

#include "dns/client_subnet.hpp"
#include "dns/hop_options.hpp"
#include "dns/opt_record.hpp"
#include "dns/reply.hpp"
#include "relay/transport_label.hpp"
#include "relay/unix_seconds.hpp"

namespace dproxy::proxy {

using telemetry::Drop;
using telemetry::Source;

namespace {

/// Padding has a point where nobody sees the bytes (RFC 7830 6), and for who padded as well (RFC 8467 4).
bool pads(const Owed& owed) { return owed.query.hop.pads && owed.client.arrival().encrypted; }

/// What the client takes over UDP, and should get so (RFC 9715).
std::size_t limit_of(const dns::Query& query, bool by_stream) {
    return std::min<std::size_t>(query.udp_size, by_stream ? dns::safe_udp_size : dns::max_udp_payload);
}

std::size_t growth_by(const dns::HopAnswer& own, dns::Bytes reply) {
    return own.options().size() + (dns::find_opt(reply).found ? 0 : dns::opt_fixed_length);
}

}  // namespace

void Answers::send(const Client& client, dns::Bytes message) {
    if (!clients_.answer(client, message)) counters_.dropped[Drop::client_gone].add();
    if (!client.arrival().size_limited) stream_rooms_.clear();
}

void Answers::answer(const Owed& owed, dns::Bytes message, const Origin& origin) {
    const auto transport = static_cast<std::size_t>(transport_label(owed.client.transport));
    const std::uint64_t taken_ns = now_ns_ - owed.started_ns;
    counters_.duration[transport].observe(taken_ns);
    const auto rcode = telemetry::rcode_label(dns::full_rcode_of(message));
    counters_.responses[transport][static_cast<std::size_t>(rcode)][origin.source].add();
    telemetry::RouteCounters& route = counters_.route(owed.route_slot);
    route.responses[rcode].add();
    route.duration.observe(taken_ns);
    if (records_.is_on()) records_.note(owed, message, origin, now_ns_);
    if (trace_.is_on()) [[unlikely]] trace_.answered(owed, message, origin);
    if (tap_.is_on()) [[unlikely]] tap_.answered(owed, message, origin.query, now_ns_);
    send(owed.client, message);
}

dns::HopAnswer Answers::own_options(const Owed& owed) const {
    return owed.query.hop.any ? own_hop_.answer(owed.query, owed.client, unix_seconds()) : dns::HopAnswer();
}

void Answers::judged(const Owed& owed, dns::Bytes message, const Verdict& verdict) {
    if (verdict.drop) {
        counters_.dropped[*verdict.drop].add();
        return;
    }
    if (verdict.rejection) counters_.rejected[*verdict.rejection].add();
    dns::OwnAnswer own = verdict.answer;
    // A refusal is what any stranger gets. It must be no use to who asks in another's name: its reason comes without
    // words, so it is at most six bytes longer than the query.
    dns::HopAnswer hop = own_options(owed);
    own.hop_options = hop.options();
    if (owed.client.arrival().size_limited) own.limit = std::min<std::size_t>(owed.query.udp_size, own.limit);
    if (own.rcode == dns::Rcode::refused && !owed.client.is_source_proved()) own.error_text = false;
    const dns::MutableBytes out = clients_.room(owed.client);
    std::size_t length = dns::write_own_answer(message, owed.query, own, out);
    if (pads(owed)) {
        hop.add_padding(length, out.size());
        own.hop_options = hop.options();
        length = dns::write_own_answer(message, owed.query, own, out);
    }
    answer(owed, out.first(length), {Source::local, message, nullptr, own.error});
}

ReplyAtHand Answers::cleaned(const InFlight& entry, const ReplyAtHand& reply) {
    dns::MutableBytes message = reply.message;
    if (reply.added != dns::AddedSubnet::nothing) {
        message = message.first(dns::remove_client_subnet(message, reply.added));
    }
    return {without_hop_options(message, entry.query), reply.by_stream, dns::AddedSubnet::nothing, reply.upstream};
}

void Answers::replied(const InFlight& entry, dns::Bytes message, const ReplyAtHand& reply) {
    dns::set_id(reply.message, entry.client_id);
    const dns::Bytes clean = cleaned(entry, reply).message;
    deliver(owed_for(entry), clean, limit_of(entry.query, reply.by_stream),
            {Source::upstream, message, reply.upstream});
}

void Answers::deliver(const Owed& owed, dns::Bytes message, std::size_t limit, const Origin& origin) {
    if (owed.query.hop.any) return reply_with_hop_options(owed, message, limit, origin);
    if (owed.client.arrival().size_limited && message.size() > limit) {
        const dns::MutableBytes cut = clients_.room(owed.client);
        const std::size_t length = dns::write_truncated(message, std::min(limit, dns::safe_udp_size), cut);
        answer(owed, cut.first(length), origin);
    } else {
        answer(owed, message, origin);
    }
}

dns::MutableBytes Answers::room(const Client& client, std::size_t bytes) {
    // On a connection the side's own may be given out once for an answer only.
    if (!client.arrival().size_limited) return stream_rooms_.take(bytes);
    const dns::MutableBytes room = clients_.room(client);
    return bytes <= room.size() ? room : datagram_rooms_.take(bytes);
}

dns::MutableBytes Answers::with_edns(const Client& client, dns::MutableBytes reply, bool wanted) {
    const dns::OptPlace place = dns::find_opt(reply);
    if (!place.walks || place.is_signed || place.found == wanted || dns::denies_edns(reply)) return reply;
    if (place.found) return reply.first(dns::remove_opt(reply, place));
    const dns::MutableBytes out = room(client, reply.size() + dns::opt_fixed_length);
    const std::size_t length = dns::write_with_options(reply, {}, out);
    return length == 0 ? reply : out.first(length);
}

void Answers::shared(const InFlight& entry, dns::Bytes message, const ReplyAtHand& clean, bool had_edns) {
    dns::MutableBytes copy = room(entry.client, clean.message.size()).first(clean.message.size());
    std::copy(clean.message.begin(), clean.message.end(), copy.begin());
    dns::set_id(copy, entry.client_id);
    const dns::Bytes question = message.subspan(dns::header_length, entry.query.question.end - dns::header_length);
    const bool repeats_it = dns::question_count(copy) == 1 && copy.size() >= dns::header_length + question.size();
    if (repeats_it) std::copy(question.begin(), question.end(), copy.begin() + dns::header_length);
    if (entry.query.has_edns != had_edns) copy = with_edns(entry.client, copy, entry.query.has_edns);
    deliver(owed_for(entry), copy, limit_of(entry.query, clean.by_stream), {Source::upstream, message, clean.upstream});
}

void Answers::remembered(const Owed& owed, dns::Bytes message, const cache::KeptAnswer& kept) {
    const dns::MutableBytes out = room(owed.client, kept.room());
    const dns::Bytes reply = out.first(kept.write(message, owed.query, now_ns_, out));
    const bool is_stale = kept.age(now_ns_) == cache::Age::stale;
    deliver(owed, reply, limit_of(owed.query, kept.came_by_stream()),
            {is_stale ? Source::stale : Source::cache, message});
}

void Answers::transferred(const Owed& owed, dns::Bytes query, bool first, dns::MutableBytes message) {
    message = without_hop_options(message, owed.query);
    if (!first) return send(owed.client, message);
    dns::HopAnswer own = own_options(owed);
    answer(owed, with_hop_options(message, own, owed), {Source::upstream, query, owed.asked.upstream});
}

dns::Bytes Answers::with_hop_options(dns::Bytes reply, dns::HopAnswer& own, const Owed& owed) {
    if (dns::denies_edns(reply)) return reply;
    if (pads(owed)) own.add_padding(reply.size() + growth_by(own, reply), dns::max_message_length);
    if (own.options().empty()) return reply;
    const dns::MutableBytes out =
        room(owed.client, reply.size() + own.options().size() + dns::opt_fixed_length);
    const std::size_t length = dns::write_with_options(reply, own.options(), out);
    return length == 0 ? reply : dns::Bytes(out.first(length));
}

void Answers::reply_with_hop_options(const Owed& owed, dns::Bytes reply, std::size_t limit, const Origin& origin) {
    dns::HopAnswer own = own_options(owed);
    const std::size_t growth = growth_by(own, reply);
    if (owed.client.arrival().size_limited && reply.size() + growth > limit) {
        const std::size_t rest = std::min(limit, dns::safe_udp_size) - own.options().size() - dns::opt_fixed_length;
        // It may be what is sent, where nothing is to be added to it: so it stays until all has left.
        const dns::MutableBytes cut = clients_.room(owed.client);
        reply = cut.first(dns::write_truncated(reply, rest, cut));
    }
    answer(owed, with_hop_options(reply, own, owed), origin);
}

}  // namespace dproxy::proxy
