// SPDX-License-Identifier: MIT
#include "dns/query.hpp"

#include <algorithm>

#include "dns/record.hpp"

namespace dproxy::dns {
namespace {

/// A client's 8 bytes, and a server's 8 to 32 or none (RFC 7873 4). What follows the first one is ignored (5.2).
void read_cookie(Bytes data, std::size_t offset, HopOptions& hop) {
    if (hop.has_cookie || hop.bad_cookie) return;
    const std::size_t length = data.size();
    if (length != 8 && (length < 16 || length > 40)) {
        hop.bad_cookie = true;
        return;
    }
    hop.has_cookie = true;
    std::copy_n(data.begin(), hop.cookie.size(), hop.cookie.begin());
    hop.server_cookie_offset = static_cast<std::uint16_t>(offset + hop.cookie.size());
    hop.server_cookie_length = static_cast<std::uint8_t>(length - hop.cookie.size());
}

void read_hop_option(std::uint16_t code, Bytes data, std::size_t offset, HopOptions& hop) {
    hop.any = true;
    if (code == option::cookie) read_cookie(data, offset, hop);
    if (code == option::keepalive) hop.asks_keepalive = true;
    if (code == option::padding) hop.pads = true;
}

/// Takes what an OPT record says. False where its options do not fill its RDATA: RFC 6891 6.1.2 leaves no
/// room for such a record, and servers answer it FORMERR.
bool read_opt(Bytes message, const Record& opt, Query& query) {
    const std::uint8_t* fixed = message.data() + opt.fixed;
    query.has_edns = true;
    query.opt_offset = static_cast<std::uint16_t>(opt.begin);
    query.udp_size = std::max(opt.rclass, static_cast<std::uint16_t>(min_udp_size));
    query.edns_version = fixed[5];
    query.dnssec_ok = (fixed[6] & 0x80) != 0;
    return walk_options(opt.rdata(message), [&](std::uint16_t code, Bytes data, std::size_t at) {
        if (code == option::client_subnet) query.has_client_subnet = true;
        const bool is_hop = code == option::cookie || code == option::keepalive || code == option::padding;
        if (is_hop && query.edns_version == 0) {
            read_hop_option(code, data, opt.data + at + option_header_length, query.hop);
        }
    });
}

/// Reads all records. False at the first fault: a record that leaves the message, a second OPT, or one
/// that is not what RFC 6891 6.1.1 and 6.1.2 say (in the additional section, owned by the root).
bool read_records(Bytes message, Query& query) {
    const unsigned before = unsigned{answer_count(message)} + authority_count(message);
    const unsigned count = before + additional_count(message);
    std::size_t at = query.question.end;
    Record record;
    for (unsigned index = 0; index < count; ++index) {
        if (!read_record(message, at, record)) return false;
        if (record.type != type::opt) continue;
        if (query.has_edns || index < before || !record.has_root_owner()) return false;
        if (!read_opt(message, record, query)) return false;
    }
    query.is_signed = count != 0 && is_signature(message, record);
    if (query.is_signed) query.hop = HopOptions{};
    if (query.hop.bad_cookie) return false;
    query.records_end = static_cast<std::uint16_t>(at);
    query.walks = true;
    return true;
}

bool is_relayed_opcode(std::uint8_t opcode) {
    return opcode == static_cast<std::uint8_t>(Opcode::query) || opcode == static_cast<std::uint8_t>(Opcode::notify) ||
           opcode == static_cast<std::uint8_t>(Opcode::update);
}

}  // namespace

QuestionFault read_question(Bytes message, Question& question) {
    const std::uint8_t* bytes = message.data();
    const std::size_t size = message.size();
    std::size_t at = header_length;
    for (;;) {
        if (at >= size) return QuestionFault::truncated;
        const std::uint8_t length = bytes[at];
        if (length == 0) break;
        if (length > max_label_length)
            return length >= 0xc0 ? QuestionFault::compressed : QuestionFault::label_type;
        at += std::size_t{length} + 1;
        if (at - header_length >= max_name_length) return QuestionFault::name_too_long;
    }
    ++at;
    if (size - at < 4) return QuestionFault::truncated;
    question.name_length = static_cast<std::uint16_t>(at - header_length);
    question.type = read_u16(bytes + at);
    question.qclass = read_u16(bytes + at + 2);
    question.end = static_cast<std::uint16_t>(at + 4);
    return QuestionFault::none;
}

Query read_query(Bytes message) {
    Query query;
    if (message.size() < header_length) return query;
    // Neither UDP nor TCP carries more; offsets are 16 bits wide.
    if (message.size() > max_message_length) message = message.first(max_message_length);
    query.opcode = opcode_of(message);
    if (is_response(message)) {
        query.form = QueryForm::response;
        return query;
    }
    const bool known = is_relayed_opcode(query.opcode);
    query.has_question =
        question_count(message) == 1 && read_question(message, query.question) == QuestionFault::none;
    if (!query.has_question) {
        // With no question at all the records can still be read, and an OPT wants one in the answer (RFC 6891 6.1.1).
        if (question_count(message) == 0) {
            query.question.end = header_length;
            if (!read_records(message, query)) query.has_edns = false;
        }
        query.form = known ? QueryForm::format_error_bare : QueryForm::not_implemented;
        return query;
    }
    const bool sound = read_records(message, query);
    query.form = sound || !known ? QueryForm::good : QueryForm::format_error;
    return query;
}

}  // namespace dproxy::dns
