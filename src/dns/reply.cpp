// SPDX-License-Identifier: MIT
#include "dns/reply.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string_view>

#include "dns/name.hpp"
#include "dns/opt_record.hpp"
#include "dns/record.hpp"

namespace dproxy::dns {
namespace {

constexpr std::uint8_t qr_bit = 0x80, aa_bit = 0x04, tc_bit = 0x02, rd_bit = 0x01;  // header's third byte
constexpr std::uint8_t ra_bit = 0x80, cd_bit = 0x10;                                // and its fourth
constexpr std::uint8_t opcode_bits = 0x78;

constexpr std::uint32_t badvers_in_ttl = 1u << 24;  // BADVERS is 16: its upper eight bits stand in the OPT
constexpr std::uint32_t dnssec_ok_in_ttl = 1u << 15;

constexpr std::size_t v4_length = 4, v6_length = 16;
constexpr std::size_t record_head_length = 2 + 10;  // a pointer to the question's name, type, class, TTL, length

constexpr std::uint32_t negative_ttl = 30;
/// MNAME `localhost.` and RNAME `nobody.invalid.`: nobody's, as other servers write it for local zones.
constexpr std::string_view soa_names("\x09localhost\x00\x06nobody\x07invalid\x00", 27);

/// Writes one thing after the other. The caller knows that all of it fits.
class Writer {
public:
    explicit Writer(MutableBytes out) : begin_(out.data()), at_(out.data()) {}

    void byte(std::uint8_t value) { *at_++ = value; }
    void u16(std::uint16_t value) {
        write_u16(at_, value);
        at_ += 2;
    }
    void u32(std::uint32_t value) {
        u16(static_cast<std::uint16_t>(value >> 16));
        u16(static_cast<std::uint16_t>(value));
    }
    void bytes(Bytes value) { at_ = std::copy(value.begin(), value.end(), at_); }
    void text(std::string_view value) { at_ = std::copy(value.begin(), value.end(), at_); }
    std::size_t written() const { return static_cast<std::size_t>(at_ - begin_); }

private:
    std::uint8_t* begin_;
    std::uint8_t* at_;
};

std::string_view extra_text(ExtendedError error) {
    switch (error) {
        case ExtendedError::loop: return "forwarding loop: the upstream sends this query back";
        case ExtendedError::not_ready: return "not ready";
        case ExtendedError::prohibited: return "client not allowed";
        case ExtendedError::not_authoritative: return "no route for this name";
        case ExtendedError::no_reachable_authority: return "no upstream answered";
        case ExtendedError::network_error: return "network error to upstream";
        case ExtendedError::none: break;
    }
    return {};
}

/// Owned by the question's name, through a pointer to it: no zone is known here, none is wider than what
/// was asked, and resolvers take the name itself as the zone of a negative answer (RFC 2308 3).
void write_soa(Writer& writer, std::uint16_t qclass) {
    writer.u16(static_cast<std::uint16_t>(0xc000 | header_length));
    writer.u16(type::soa);
    writer.u16(qclass);
    writer.u32(negative_ttl);
    writer.u16(static_cast<std::uint16_t>(soa_names.size() + 5 * 4));
    writer.text(soa_names);
    for (const std::uint32_t number : {1u, 3600u, 1200u, 604800u, negative_ttl}) writer.u32(number);
}

void write_opt(Writer& writer, std::uint32_t ttl, const OwnAnswer& answer) {
    writer.byte(0);
    writer.u16(type::opt);
    writer.u16(static_cast<std::uint16_t>(safe_udp_size));
    writer.u32(ttl);
    const bool with_error = answer.error != ExtendedError::none;
    const auto text = with_error && answer.error_text ? extra_text(answer.error) : std::string_view();
    const auto length = static_cast<std::uint16_t>(2 + text.size());
    const std::size_t error_length = with_error ? option_header_length + length : 0;
    writer.u16(static_cast<std::uint16_t>(error_length + answer.hop_options.size()));
    writer.bytes(answer.hop_options);
    if (!with_error) return;
    writer.u16(option::extended_error);
    writer.u16(length);
    writer.u16(static_cast<std::uint16_t>(answer.error));
    writer.text(text);
}

bool is_asked_for(const net::Address& address, const Question& question) {
    return question.type == (address.is_v4() ? type::a : type::aaaa);
}

/// What write_records() writes.
struct AnswerSize {
    std::size_t records = 0;
    std::size_t bytes = 0;

    void add(std::size_t data_length) {
        ++records;
        bytes += record_head_length + data_length;
    }
};

AnswerSize size_of_records(const OwnAnswer& answer, const Question& question) {
    AnswerSize size;
    if (question.qclass != class_in && question.qclass != class_any) return size;
    for (const net::Address& address : answer.addresses) {
        if (is_asked_for(address, question)) size.add(address.is_v4() ? v4_length : v6_length);
    }
    if (question.type != type::svcb) return size;
    for (const auto& service : answer.services) size.add(service.size());
    return size;
}

void write_record(Writer& writer, const OwnAnswer& answer, const Question& question, Bytes data) {
    writer.u16(static_cast<std::uint16_t>(0xc000 | header_length));
    writer.u16(question.type);
    writer.u16(class_in);
    writer.u32(answer.ttl);
    writer.u16(static_cast<std::uint16_t>(data.size()));
    writer.bytes(data);
}

void write_records(Writer& writer, const OwnAnswer& answer, const Question& question) {
    const std::size_t count = answer.addresses.size();
    for (std::size_t i = 0; i < count; ++i) {
        const net::Address& address = answer.addresses[(answer.first + i) % count];
        if (!is_asked_for(address, question)) continue;
        const Bytes whole(address.bytes);
        write_record(writer, answer, question, address.is_v4() ? whole.last(v4_length) : whole);
    }
    if (question.type != type::svcb) return;
    for (const auto& service : answer.services) write_record(writer, answer, question, service);
}

bool is_error(Bytes reply) {
    const std::uint16_t rcode = full_rcode_of(reply);
    return rcode != static_cast<std::uint16_t>(Rcode::noerror) && rcode != static_cast<std::uint16_t>(Rcode::nxdomain);
}

bool is_bare_update(Bytes reply) {
    return opcode_of(reply) == static_cast<std::uint8_t>(Opcode::update) && answer_count(reply) == 0 &&
           authority_count(reply) == 0 && additional_count(reply) == 0;
}

}  // namespace

std::uint16_t full_rcode_of(Bytes reply) {
    const std::uint16_t low = rcode_of(reply);
    if (additional_count(reply) == 0 || (answer_count(reply) | authority_count(reply)) != 0) return low;
    const OptPlace place = find_opt(reply);
    if (!place.found) return low;
    return static_cast<std::uint16_t>(place.opt.ttl(reply) >> 24 << 4 | low);
}

std::optional<std::uint16_t> extended_error_of(Bytes reply) {
    std::optional<std::uint16_t> error;
    if (additional_count(reply) == 0) return error;
    const OptPlace place = find_opt(reply);
    if (!place.found) return error;
    walk_options(place.opt.rdata(reply), [&](std::uint16_t code, Bytes data, std::size_t) {
        if (code == option::extended_error && data.size() >= 2 && !error) error = read_u16(data.data());
    });
    return error;
}

ReplyFault check_reply(Bytes query, const Question& question, Bytes reply, bool later_transfer_message) {
    if (reply.size() < header_length) return ReplyFault::too_short;
    if (!is_response(reply)) return ReplyFault::not_response;
    if (((query[2] ^ reply[2]) & opcode_bits) != 0) return ReplyFault::opcode;
    const std::uint16_t count = question_count(reply);
    if (count == 0 || (count == 1 && reply.size() == header_length)) {
        const bool good = is_error(reply) || (count == 0 && (later_transfer_message || is_bare_update(reply)));
        return good ? ReplyFault::none : ReplyFault::no_question;
    }
    if (count != 1) return ReplyFault::no_question;
    if (reply.size() < question.end) return ReplyFault::question;
    const std::size_t length = question.end - header_length;
    const std::uint8_t* asked = query.data() + header_length;
    const std::uint8_t* answered = reply.data() + header_length;
    if (std::memcmp(asked, answered, length) == 0) return ReplyFault::none;
    const bool same = std::memcmp(asked + question.name_length, answered + question.name_length, 4) == 0 &&
                      equal_ignoring_case(question.name(query), question.name(reply));
    return same ? ReplyFault::none : ReplyFault::question;
}

std::size_t write_own_answer(Bytes message, const Query& query, const OwnAnswer& answer, MutableBytes out) {
    assert(message.size() >= header_length);
    assert(out.size() >= own_answer_capacity);
    const bool bare = answer.bare || !query.has_question;
    const bool with_opt = query.has_edns;
    // RFC 6891 6.1.3: a version that is not implemented is answered so, whatever else would be said; a
    // fault of form or an opcode that is not known comes first.
    const bool bad_version = with_opt && !bare && query.edns_version != 0 && answer.rcode != Rcode::formerr &&
                             answer.rcode != Rcode::notimp;
    const bool authoritative = answer.authoritative && !bare && !bad_version;
    const AnswerSize size = authoritative ? size_of_records(answer, query.question) : AnswerSize();
    std::size_t records = size.records;
    const bool with_soa = authoritative && records == 0;
    assert(records == 0 || answer.error == ExtendedError::none);
    const std::size_t length_of_rest =
        query.question.end +
        (with_opt ? opt_fixed_length + answer.hop_options.size() : 0);
    const bool cut = records > 0 && length_of_rest + size.bytes > answer.limit;
    if (cut) records = 0;
    const auto rcode = bad_version ? std::uint8_t{0} : static_cast<std::uint8_t>(answer.rcode);

    Writer writer(out);
    writer.bytes(message.first(2));
    unsigned high = qr_bit | (message[2] & (opcode_bits | rd_bit));
    unsigned low = (message[3] & cd_bit) | rcode;
    if (authoritative) high |= aa_bit;
    if (cut) high |= tc_bit;
    if (answer.truncated) {
        high |= tc_bit;
        if ((message[2] & rd_bit) != 0) low |= ra_bit;
    }
    writer.byte(static_cast<std::uint8_t>(high));
    writer.byte(static_cast<std::uint8_t>(low));
    writer.u16(bare ? 0 : 1);
    writer.u16(static_cast<std::uint16_t>(records));
    writer.u16(with_soa ? 1 : 0);
    writer.u16(with_opt ? 1 : 0);
    if (!bare) writer.bytes(message.subspan(header_length, query.question.end - header_length));
    if (records > 0) write_records(writer, answer, query.question);
    if (with_soa) write_soa(writer, query.question.qclass);
    if (with_opt)
        write_opt(writer, (bad_version ? badvers_in_ttl : 0) | (query.dnssec_ok ? dnssec_ok_in_ttl : 0), answer);
    return writer.written();
}

std::size_t write_truncated(Bytes reply, std::size_t limit, MutableBytes out) {
    assert(reply.size() >= header_length && out.size() >= header_length && limit >= header_length);
    limit = std::min(limit, out.size());
    Question question;
    const bool with_question = question_count(reply) != 0 && read_question(reply, question) == QuestionFault::none &&
                               question.end <= limit;
    std::size_t length = with_question ? question.end : header_length;
    std::copy_n(reply.begin(), length, out.begin());

    const OptPlace place = find_opt(reply);
    const std::size_t opt_length = place.opt.end - place.opt.begin;
    const bool with_opt = place.walks && place.found && opt_length <= limit - length;
    if (with_opt) {
        std::copy_n(reply.data() + place.opt.begin, opt_length, out.data() + length);
        length += opt_length;
    }
    out[2] |= tc_bit;
    write_u16(out.data() + 4, with_question ? 1 : 0);
    write_u16(out.data() + 6, 0);
    write_u16(out.data() + 8, 0);
    write_u16(out.data() + 10, with_opt ? 1 : 0);
    return length;
}

}  // namespace dproxy::dns
