// SPDX-License-Identifier: MIT
// The twelve bytes that begin every DNS message (RFC 1035 4.1.1), and the numbers around them.
//
//      0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15
//    +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
//  0 |                      ID                       |
//  2 |QR|   Opcode  |AA|TC|RD|RA| Z|AD|CD|   RCODE   |
//  4 |      QDCOUNT           (UPDATE: ZOCOUNT)      |
//  6 |      ANCOUNT           (UPDATE: PRCOUNT)      |
//  8 |      NSCOUNT           (UPDATE: UPCOUNT)      |
// 10 |      ARCOUNT                                  |
//    +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace dproxy::dns {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

inline constexpr std::size_t header_length = 12;
inline constexpr std::size_t max_label_length = 63;    ///< RFC 1035 2.3.4
inline constexpr std::size_t max_name_length = 255;    ///< on the wire, with the root label
inline constexpr std::size_t max_message_length = 65535;
inline constexpr std::size_t min_udp_size = 512;       ///< RFC 1035 4.2.1; smaller EDNS sizes count as this
inline constexpr std::size_t max_udp_payload = 65507;  ///< of IPv4; more cannot be sent
inline constexpr std::size_t safe_udp_size = 1232;     ///< RFC 9715: what is not fragmented

enum class Opcode : std::uint8_t { query = 0, iquery = 1, status = 2, notify = 4, update = 5, dso = 6 };

enum class Rcode : std::uint8_t {
    noerror = 0, formerr = 1, servfail = 2, nxdomain = 3, notimp = 4, refused = 5,
    yxdomain = 6, yxrrset = 7, nxrrset = 8, notauth = 9, notzone = 10,
};
inline constexpr std::uint16_t rcode_badvers = 16, rcode_badcookie = 23;  ///< with the bits of the OPT

/// Types that the code names (numbers of the IANA registry); every other is relayed all the same.
namespace type {
inline constexpr std::uint16_t a = 1, ns = 2, cname = 5, soa = 6, ptr = 12, hinfo = 13, mx = 15,
    txt = 16, sig = 24, aaaa = 28, srv = 33, naptr = 35, ds = 43, dnskey = 48, svcb = 64, https = 65,
    opt = 41, tsig = 250, ixfr = 251, axfr = 252, any = 255, caa = 257;
}
inline constexpr std::uint16_t class_in = 1, class_any = 255;

/// Extended DNS Errors (RFC 8914) that dproxy gives.
enum class ExtendedError : std::uint16_t {
    loop = 0,  ///< "Other": no code of its own was registered, the text says it
    not_ready = 14, prohibited = 18, not_authoritative = 20, no_reachable_authority = 22, network_error = 23,
    none = 0xffff,
};

/// Views on a header. The caller has checked that the message holds header_length bytes.
inline std::uint16_t read_u16(const std::uint8_t* at) {
    return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}
inline void write_u16(std::uint8_t* at, std::uint16_t value) {
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value);
}
inline std::uint16_t id_of(Bytes message) { return read_u16(message.data()); }
inline void set_id(MutableBytes message, std::uint16_t id) { write_u16(message.data(), id); }
inline bool is_response(Bytes message) { return (message[2] & 0x80) != 0; }
inline bool is_truncated(Bytes message) { return (message[2] & 0x02) != 0; }
inline std::uint8_t opcode_of(Bytes message) { return (message[2] >> 3) & 0x0f; }
inline std::uint8_t rcode_of(Bytes message) { return message[3] & 0x0f; }
inline std::uint16_t question_count(Bytes message) { return read_u16(message.data() + 4); }
inline std::uint16_t answer_count(Bytes message) { return read_u16(message.data() + 6); }
inline std::uint16_t authority_count(Bytes message) { return read_u16(message.data() + 8); }
inline std::uint16_t additional_count(Bytes message) { return read_u16(message.data() + 10); }

/// `NOERROR`, `SERVFAIL`, ... in upper case; `RCODE13` for one without a name. The same spelling is
/// read back by parse_rcode (any case), for flags such as `--expect`.
std::string_view rcode_name(std::uint8_t rcode);
/// -1 when there is no such name.
int parse_rcode(std::string_view text);
/// `A`, `AAAA`, `TYPE65280`. The text lives for ever for the known types, else in a thread-local.
std::string_view type_name(std::uint16_t type);
/// Also `TYPE123` (RFC 3597 5). -1 when there is no such type.
int parse_type(std::string_view text);

}  // namespace dproxy::dns
