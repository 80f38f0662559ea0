// SPDX-License-Identifier: MIT
// Replies: whether one answers a query, how it is cut for a small client, and dproxy's own answers.
#pragma once

#include <cstdint>

#include "dns/message.hpp"
#include "dns/query.hpp"

namespace dproxy::dns {

/// Why a datagram from an upstream is not the reply to a query. The ID and the socket are the
/// caller's to check, before this.
enum class ReplyFault : std::uint8_t {
    none,
    too_short,
    not_response,  ///< QR clear
    opcode,
    question,      ///< another name, type or class, or unreadable
    no_question,   ///< QDCOUNT 0 with NOERROR or NXDOMAIN, or QDCOUNT over 1
};

/// `query` is the message as the client sent it, `question` its question; `later_transfer_message`
/// allows QDCOUNT 0 with any rcode (RFC 5936 2.2.1). An unknown opcode's reply is compared alike.
ReplyFault check_reply(Bytes query, const Question& question, Bytes reply, bool later_transfer_message = false);

/// One of dproxy's own answers.
struct OwnAnswer {
    Rcode rcode = Rcode::servfail;
    ExtendedError error = ExtendedError::none;
    bool authoritative = false;       ///< nodata, nxdomain of a route: AA, and a SOA owned by the question's name
    bool truncated = false;           ///< TC, with RA = RD (the answer of the rate limit)
    bool bare = false;                ///< header only, QDCOUNT 0
};

/// Writes the answer for a client's message into `out` and returns its length. `query` is what
/// read_query made of `message`. `out` holds at least own_answer_capacity bytes. Never longer than
/// 512 bytes. ID, opcode, RD, CD and question are the client's; an OPT is added where the client sent
/// one (its size: safe_udp_size, its DO bit echoed), carrying the Extended DNS Error where there is one.
/// Without a readable question the answer is bare. An EDNS version above 0 gets BADVERS (RFC 6891 6.1.3)
/// in place of any rcode but FORMERR and NOTIMP.
inline constexpr std::size_t own_answer_capacity = 512;
std::size_t write_own_answer(Bytes message, const Query& query, const OwnAnswer& answer, MutableBytes out);

/// Cuts a reply that the client cannot take: header, question and the reply's own OPT, with TC
/// (RFC 2181 9, RFC 6891 7). `out` holds at least 12 + 259 + OPT bytes, at most `limit` are written:
/// an OPT that does not fit is left out. A reply that cannot be walked is cut to header and question.
/// Returns the length.
std::size_t write_truncated(Bytes reply, std::size_t limit, MutableBytes out);

}  // namespace dproxy::dns
