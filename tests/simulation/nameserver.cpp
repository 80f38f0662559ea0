// SPDX-License-Identifier: MIT
#include "simulation/nameserver.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <string_view>

namespace dproxy::simulation {

using test::Octets;

namespace {

constexpr std::string_view proxy_signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t proxy_fixed_bytes = 16;

Character draw_character(Random& random) {
    Character one;
    one.latency = random.one_of({200 * microsecond, millisecond, 10 * millisecond, 80 * millisecond});
    one.jitter = random.one_of({50 * microsecond, 5 * millisecond, 300 * millisecond});
    one.silent = random.one_of({0u, 1u, 10u, 50u});
    one.odd_rcode = random.one_of({0u, 5u, 40u});
    one.refuses_edns = random.one_of({0u, 0u, 0u, 5u, 100u});
    one.wants_cookies = random.one_of({0u, 0u, 0u, 0u, 10u, 100u});
    one.forged = random.one_of({0u, 3u, 20u});
    one.flooded = random.one_of({0u, 0u, 0u, 1u});
    one.doubles = random.one_of({0u, 2u, 20u});
    one.late = random.one_of({0u, 2u, 20u});
    one.closes_after = random.one_of<std::size_t>({0, 0, 0, 1, 3, 40});
    one.cuts = random.one_of({0u, 0u, 3u, 15u});
    one.stalls = random.one_of({0u, 0u, 5u});
    one.one_at_a_time = random.percent(10);
    one.no_tcp = random.percent(10);
    return one;
}

}  // namespace

dns::Bytes without_proxy_header(dns::Bytes bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!text.starts_with(proxy_signature) || bytes.size() < proxy_fixed_bytes) return bytes;
    const std::size_t length = proxy_fixed_bytes + dns::read_u16(bytes.data() + 14);
    return bytes.size() < length ? bytes : bytes.subspan(length);
}

Nameserver::Nameserver(Kernel& kernel, Ledger& ledger, Journal& journal, Random random, const net::Endpoint& endpoint)
    : kernel_(kernel), ledger_(ledger), journal_(journal), random_(random), endpoint_(endpoint) {
    character_ = draw_character(random_);
}

void Nameserver::change_condition() {
    condition_ = random_.percent(55)
                     ? Condition::well
                     : random_.one_of({Condition::dark, Condition::refusing, Condition::unreachable, Condition::garbage,
                                       Condition::failing, Condition::slow});
    journal_.note("%s is in condition %u", endpoint_.to_string().c_str(), static_cast<unsigned>(condition_));
}

std::uint64_t Nameserver::reply_time() {
    const std::uint64_t usual = character_.latency + random_.below(character_.jitter);
    if (condition_ == Condition::slow) return 20 * usual;
    return random_.percent(character_.late) ? random_.between(0, 8 * second) : usual;
}

void Nameserver::send(const net::Endpoint& to, Octets bytes, std::uint64_t wait) {
    kernel_.timeline().after(wait, [this, to, bytes = std::move(bytes)] {
        const bool cut = random_.once_in(2000);
        kernel_.deliver({endpoint_, to, {bytes.begin(), bytes.end()}, 0, false, cut});
    });
}

void Nameserver::on_datagram(const net::Endpoint& from, const std::vector<std::uint8_t>& bytes) {
    const dns::Bytes query = without_proxy_header(bytes);
    if (query.size() < dns::header_length) return;
    switch (condition_) {
        case Condition::dark:
            return;
        case Condition::refusing:
        case Condition::unreachable:
            kernel_.timeline().after(character_.latency, [this, from] {
                kernel_.hint(from.port, condition_ == Condition::refusing ? ECONNREFUSED : EHOSTUNREACH);
            });
            return;
        case Condition::garbage:
            return send(from, Octets(random_.below(60), static_cast<std::uint8_t>(random_.next())), reply_time());
        default:
            break;
    }
    if (random_.percent(character_.forged)) forge(from, query);
    if (random_.percent(character_.flooded)) {
        for (std::uint64_t left = random_.between(200, 500); left > 0; --left) forge(from, query);
    }
    for (Reply& reply : replies_to(query, false)) {
        if (random_.percent(character_.doubles)) send(from, reply.bytes, reply_time());
        send(from, std::move(reply.bytes), reply.wait);
    }
}

void Nameserver::forge(const net::Endpoint& to, dns::Bytes query) { send(to, forged_reply(query), reply_time()); }

Octets Nameserver::forged_reply(dns::Bytes query) {
    Octets reply = reply_to(query, 0, 0, false, shared_marker - 2);
    switch (random_.below(6)) {
        case 0:  // another ID: by chance that of another query for the same, so its data are right
            reply = reply_to(query, 0, 0, false, marker_for(query, dns::read_query(query).question));
            reply[1] = static_cast<std::uint8_t>(reply[1] + 1 + random_.below(200));
            break;
        case 1:  // another question
            reply[14] = static_cast<std::uint8_t>(reply[14] ^ 0x01);
            break;
        case 2:  // another type
            reply[reply.size() > 20 ? 20 : 12] ^= 0x40;
            reply[13] = 'x';
            break;
        case 3:  // no reply at all
            reply[2] &= 0x7f;
            break;
        case 4:  // another opcode
            reply[2] ^= 0x10;
            break;
        default:
            reply.resize(random_.below(dns::header_length));
    }
    return reply;
}

std::uint16_t Nameserver::draw_rcode(const dns::Query& read, bool over_tcp) {
    if (condition_ == Condition::failing) return random_.one_of<std::uint16_t>({2, 5});
    if (read.has_edns && random_.percent(character_.refuses_edns)) return random_.one_of<std::uint16_t>({1, 4, 16});
    if (read.has_edns && !over_tcp && random_.percent(character_.wants_cookies)) return dns::rcode_badcookie;
    if (!random_.percent(character_.odd_rcode)) return 0;
    const auto rcode = random_.one_of<std::uint16_t>({1, 2, 3, 4, 5, 6, 9, 10, 13, 16, 23});
    return read.has_edns ? rcode : rcode & 0x0f;
}

std::vector<Reply> Nameserver::replies_to(dns::Bytes query, bool over_tcp) {
    const dns::Query read = dns::read_query(query);
    if (!read.has_question || random_.percent(character_.silent)) return {};
    const bool may_transfer = random_.percent(condition_ == Condition::failing ? 20 : 80);
    if (over_tcp && read.is_transfer() && may_transfer) return transfer(query, read);
    const std::uint16_t rcode = draw_rcode(read, over_tcp);
    // A server that refuses, or wants something first, may be asked again: that is no attempt.
    if (Asked* const asked = ledger_.by_name(query); asked && rcode != 0) {
        const bool is_refusal = rcode == 1 || rcode == 4 || rcode == 5 || rcode == 16 || rcode == dns::rcode_badcookie;
        if (is_refusal) ++asked->refused;
    }
    if (rcode == dns::rcode_badcookie) ledger_.seen.moves += routing::max_attempts;  // whoever's query it is
    const bool truncated = !over_tcp && random_.percent(character_.truncates);
    const std::size_t padding = random_.percent(character_.large) ? random_.between(200, 6000) : 0;
    const std::uint32_t marker = marker_for(query, read.question);
    if (rcode == 1 && random_.percent(30)) {  // it could not make sense of it: a header alone
        Octets bare = test::Packet().id(dns::id_of(query)).opcode(dns::opcode_of(query)).set(0x8000).rcode(1).bytes();
        return {{std::move(bare), reply_time()}};
    }
    const Octets options = random_.percent(10) ? keepalive_of_nameserver() : Octets();
    const std::uint32_t ttl = random_.one_of({0u, 1u, 2u, 300u});
    return {{reply_to(query, rcode, padding, truncated, marker, options, ttl), reply_time()}};
}

/// A zone: begins and ends with its SOA, in several messages, and now and then does not come to its end.
std::vector<Reply> Nameserver::transfer(dns::Bytes query, const dns::Query& read) {
    std::vector<Reply> replies;
    const auto soa = test::record(test::u16(0xc00c), dns::type::soa, test::soa_data(7));
    const std::uint64_t count = random_.between(1, 12);
    std::uint64_t wait = reply_time();
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto name = read.question.name(query);
        test::Packet packet;
        packet.id(dns::id_of(query)).set(0x8400);
        packet.raw_question(Octets(name.begin(), name.end()), read.question.type, read.question.qclass);
        if (i == 0) packet.answer(soa);
        for (std::uint64_t left = random_.below(40); left > 0; --left) {
            packet.answer(test::record(test::u16(0xc00c), dns::type::txt, Octets(200, std::uint8_t{1})));
        }
        if (i + 1 == count && random_.percent(90)) packet.answer(soa);
        replies.push_back({packet.bytes(), wait});
        wait += random_.below(character_.latency);
    }
    return replies;
}

}  // namespace dproxy::simulation
