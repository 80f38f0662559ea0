// SPDX-License-Identifier: MIT
// What a message from a client is, read once, before anything is decided about it. Never allocates,
// reads each byte at most once or twice, and is safe on any input.
#pragma once

#include <cstdint>

#include "dns/message.hpp"
#include "dns/server_cookie.hpp"

namespace dproxy::dns {

/// The first question of a message. All offsets are from the start of the message.
struct Question {
    std::uint16_t name_length = 0;  ///< bytes of the name on the wire, which begins at header_length
    std::uint16_t type = 0;
    std::uint16_t qclass = 0;
    std::uint16_t end = 0;  ///< first byte after the question

    Bytes name(Bytes message) const { return message.subspan(header_length, name_length); }
};

enum class QuestionFault : std::uint8_t {
    none,
    truncated,      ///< the message ends within the question
    compressed,     ///< a compression pointer: legal nowhere in a first question
    label_type,     ///< 0x40 or 0x80 label types
    name_too_long,  ///< over 255 bytes
};

/// Reads the question that begins at header_length. `message` holds at least a header; QDCOUNT is
/// not looked at.
QuestionFault read_question(Bytes message, Question& question);

/// What is to be done with a client's message, by its form alone.
enum class QueryForm : std::uint8_t {
    good,                ///< has exactly one readable question: to be routed
    too_short,           ///< under 12 bytes: dropped
    response,            ///< QR set: dropped, answering it could loop
    not_implemented,     ///< opcode other than QUERY, NOTIFY, UPDATE, without exactly one readable question
    format_error,        ///< FORMERR with the question: records that do not walk, or an OPT against RFC 6891
                         ///< 6.1 (a second one, elsewhere than in the additional section, owned by another
                         ///< name than the root, or with options that do not fill its data), or with a COOKIE
                         ///< of a length that none has (RFC 7873 5.2.2)
    format_error_bare,   ///< FORMERR as a bare header: the question cannot be read, or there is not one
};

/// The options of an OPT of version 0 that are meant for the next hop alone: see hop_options.hpp.
struct HopOptions {
    bool any = false;              ///< one of them stands there
    bool has_cookie = false;       ///< and `cookie` and what follows is filled, by the first one
    bool bad_cookie = false;       ///< one has a length that is none
    bool asks_keepalive = false;
    bool pads = false;             ///< padding stands there (RFC 7830)
    ClientCookie cookie{};
    std::uint16_t server_cookie_offset = 0;  ///< in the message as it came
    std::uint8_t server_cookie_length = 0;   ///< 0, or 8 to 32
};

/// A client's message, read. Trivially copyable.
struct Query {
    QueryForm form = QueryForm::too_short;
    std::uint8_t opcode = 0;
    bool has_question = false;    ///< `question` is filled
    bool has_edns = false;        ///< one OPT in the additional section
    bool dnssec_ok = false;
    bool is_signed = false;       ///< last record is TSIG or SIG(0): not one byte may change but the ID
    bool has_client_subnet = false;
    bool walks = false;           ///< every record was read to the end of the counts
    std::uint8_t edns_version = 0;
    std::uint16_t udp_size = min_udp_size;  ///< what the client takes over UDP, at least 512
    std::uint16_t opt_offset = 0;           ///< start of the OPT record, 0 where there is none
    std::uint16_t records_end = 0;          ///< first byte after the last record; bytes may follow
    HopOptions hop;                         ///< of one that is signed: nothing, as it is relayed whole
    Question question;

    /// AXFR (RFC 5936) or IXFR (RFC 1995).
    bool is_transfer() const {
        return has_question && opcode == static_cast<std::uint8_t>(Opcode::query) &&
               (question.type == type::axfr || question.type == type::ixfr);
    }
};

/// Reads a client's message: header, question, all records. Records of an opcode other than QUERY,
/// NOTIFY and UPDATE are read as far as they go, and a fault in them is none of ours (`form` is good).
Query read_query(Bytes message);

}  // namespace dproxy::dns
