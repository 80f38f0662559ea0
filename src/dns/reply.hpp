// SPDX-License-Identifier: MIT
// Replies: whether one answers a query, how it is cut for a small client, and dproxy's own answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dns/message.hpp"
#include "dns/query.hpp"
#include "net/address.hpp"

namespace dproxy::dns {

/// Why a datagram from an upstream is not the reply to a query. The ID and the socket are the
/// caller's to check, before this.
enum class ReplyFault : std::uint8_t {
    none,
    too_short,
    not_response,  ///< QR clear
    opcode,
    question,      ///< another name, type or class, or unreadable
    no_question,   ///< no question, and nothing that explains it; or QDCOUNT over 1
};

/// The rcode with its upper bits, which stand in the OPT (RFC 6891 6.1.3): BADVERS is 16, BADCOOKIE 23. They are looked
/// for where there are no other records: no server gives data with such an rcode.
std::uint16_t full_rcode_of(Bytes reply);

/// INFO-CODE of the reply's Extended DNS Error (RFC 8914), of several the first.
std::optional<std::uint16_t> extended_error_of(Bytes reply);

/// `query` is the message as the client sent it, `question` its question; `later_transfer_message`
/// allows QDCOUNT 0 with any rcode (RFC 5936 2.2.1). An unknown opcode's reply is compared alike.
/// Servers that could not make sense of a query send an error without its question, or a header that still counts it:
/// taken when the rcode is neither NOERROR nor NXDOMAIN. The reply to an UPDATE may be a header alone (RFC 2136 3.8).
ReplyFault check_reply(Bytes query, const Question& question, Bytes reply, bool later_transfer_message = false);

/// What fits behind the longest question, with the OPT, into safe_udp_size.
inline constexpr std::size_t max_own_addresses = 32;
inline constexpr std::size_t own_answer_capacity = safe_udp_size;

/// One of dproxy's own answers.
struct OwnAnswer {
    Rcode rcode = Rcode::servfail;
    ExtendedError error = ExtendedError::none;
    bool authoritative = false;       ///< nodata, nxdomain of a route: AA, and a SOA owned by the question's name
    bool truncated = false;           ///< TC, with RA = RD (the answer of the rate limit)
    bool bare = false;                ///< header only, QDCOUNT 0
    bool error_text = true;           ///< the Extended DNS Error says in words what its code says
    Bytes hop_options;                ///< to stand in the OPT, where there is one; at most HopAnswer::capacity
    /// Those of the question's type (A, AAAA) are answered, from `first` on and round the end; where there is none it
    /// is NODATA. At most max_own_addresses, without an Extended DNS Error, and the caller keeps them.
    std::span<const net::Address> addresses;
    std::size_t first = 0;
    /// RDATA of SVCB records, answered where the question is for this type; as with addresses. They fit into
    /// own_answer_capacity with all else.
    std::span<const std::vector<std::uint8_t>> services;
    std::uint32_t ttl = 0;            ///< of these records, seconds
    std::size_t limit = own_answer_capacity;  ///< bytes that the client takes: with more it is cut (TC, RFC 2181 9)
};

/// Writes the answer for a client's message into `out` and returns its length. `query` is what
/// read_query made of `message`. `out` holds at least own_answer_capacity bytes. Never longer than
/// 512 bytes where it carries neither addresses nor services. ID, opcode, RD, CD and question are the client's; an OPT
/// is added where the client sent one (its size: safe_udp_size, its DO bit echoed), carrying the Extended DNS Error
/// where there is one. Without a readable question the answer is bare. An EDNS version above 0 gets BADVERS (RFC 6891
/// 6.1.3) in place of any rcode but FORMERR and NOTIMP.
std::size_t write_own_answer(Bytes message, const Query& query, const OwnAnswer& answer, MutableBytes out);

/// Cuts a reply that the client cannot take: header, question and the reply's own OPT, with TC
/// (RFC 2181 9, RFC 6891 7). `out` holds at least 12 + 259 + OPT bytes, at most `limit` are written:
/// an OPT that does not fit is left out. A reply that cannot be walked is cut to header and question.
/// Returns the length.
std::size_t write_truncated(Bytes reply, std::size_t limit, MutableBytes out);

}  // namespace dproxy::dns
