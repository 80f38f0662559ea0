// SPDX-License-Identifier: MIT
#include "cache/question_key.hpp"

#include <algorithm>
#include <string_view>

#include "dns/name.hpp"
#include "dns/record.hpp"
#include "net/keyed_hash.hpp"

namespace dproxy::cache {

namespace {

constexpr std::uint8_t recursion_desired = 0x01;    // of the third byte, as are AA and TC
constexpr std::uint8_t flags_of_replies = 0x06;
constexpr std::uint8_t authentic_or_unchecked = 0x30;  // AD and CD, of the fourth
constexpr std::uint16_t dnssec_ok = 0x8000;
/// RFC 6895 3.1: TKEY, TSIG, transfers, ANY and the rest; OPT.
constexpr std::uint16_t first_question_type = 128, last_question_type = 255;
constexpr std::uint16_t class_none = 254;

bool is_for_data(const dns::Question& question) {
    const bool is_question_type = question.type >= first_question_type && question.type <= last_question_type;
    return !is_question_type && question.type != dns::type::opt && question.type != 0 &&
           question.qclass != dns::class_any && question.qclass != class_none && question.qclass != 0;
}

/// An OPT of version 0, without options, and no flag but DO.
bool has_plain_opt(dns::Bytes message, const dns::Query& query) {
    if (query.edns_version != 0 || query.opt_offset == 0) return false;
    const std::uint8_t* fixed = message.data() + query.opt_offset + 1;
    const bool other_flags = (dns::read_u16(fixed + 6) & 0x7fff) != 0;
    return fixed[4] == 0 && !other_flags && dns::read_u16(fixed + 8) == 0;
}

std::uint64_t hash_of(const QuestionKey& key) {
    std::array<std::uint8_t, dns::max_name_length + 4 + max_subnet_bytes> text;
    std::uint8_t* end = std::transform(key.question.begin(), key.question.end() - 4, text.begin(), dns::to_lower);
    end = std::copy(key.question.end() - 4, key.question.end(), end);
    end = std::copy(key.subnet.begin(), key.subnet.end(), end);
    const net::KeyedHash& hash = net::process_hash();
    const std::uint64_t state = hash.take(hash.begin(), std::uint64_t{key.route} << 16 | key.flags);
    return hash.finish(hash.take_text(
        state, {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(end - text.data())}));
}

}  // namespace

std::optional<QuestionKey> key_of(dns::Bytes message, const dns::Query& query, std::uint32_t route, dns::Bytes subnet) {
    const bool is_plain = query.form == dns::QueryForm::good && query.opcode == 0 && query.has_question &&
                          query.walks && !query.is_signed && !query.has_client_subnet && is_for_data(query.question);
    const bool other_flags = (message[2] & flags_of_replies) != 0 || (message[3] & ~authentic_or_unchecked) != 0;
    if (!is_plain || other_flags || query.records_end != message.size()) return std::nullopt;
    const unsigned others = dns::answer_count(message) + dns::authority_count(message);
    if (others != 0 || dns::additional_count(message) != (query.has_edns ? 1 : 0)) return std::nullopt;
    if (query.has_edns && !has_plain_opt(message, query)) return std::nullopt;
    QuestionKey key = plain_key(message, query, route, subnet);
    key.hash = hash_of(key);
    return key;
}

QuestionKey plain_key(dns::Bytes message, const dns::Query& query, std::uint32_t route, dns::Bytes subnet) {
    QuestionKey key;
    key.route = route;
    key.flags = static_cast<std::uint16_t>((message[2] & recursion_desired) << 8 |
                                           (message[3] & authentic_or_unchecked));
    if (query.dnssec_ok) key.flags |= dnssec_ok;
    key.question = message.subspan(dns::header_length, query.question.end - dns::header_length);
    key.subnet = subnet;
    return key;
}

bool is_same_question(const QuestionKey& one, const QuestionKey& other) {
    if (one.route != other.route || one.flags != other.flags) return false;
    if (one.question.size() != other.question.size()) return false;
    const auto name = [](dns::Bytes question) { return question.first(question.size() - 4); };
    return std::ranges::equal(one.question.last(4), other.question.last(4)) &&
           std::ranges::equal(one.subnet, other.subnet) &&
           dns::equal_ignoring_case(name(one.question), name(other.question));
}

}  // namespace dproxy::cache
