// SPDX-License-Identifier: MIT
// Resource records (RFC 1035 4.1.3) as places in a message: where a record begins, what its fixed part
// says, where its data lies. Nothing is copied, and nothing is read past the message's end.
#pragma once

#include <cstdint>

#include "dns/message.hpp"

namespace dproxy::dns {

/// Moves `at` behind the name that begins there. A compression pointer ends a name and is not followed.
/// False where the name leaves the message, has a label type of 0x40 or 0x80, or is over 255 bytes.
inline bool skip_name(Bytes message, std::size_t& at) {
    const std::uint8_t* bytes = message.data();
    const std::size_t begin = at;
    while (at < message.size()) {
        const std::uint8_t length = bytes[at];
        if (length == 0) return ++at, true;
        if (length >= 0xc0) return at += 2, at <= message.size();
        if (length > max_label_length) return false;
        at += std::size_t{length} + 1;
        if (at - begin >= max_name_length) return false;
    }
    return false;
}

/// One record. Offsets are from the start of the message.
struct Record {
    std::size_t begin = 0;  ///< of the owner name
    std::size_t fixed = 0;  ///< of type, class, TTL and RDLENGTH
    std::size_t data = 0;   ///< of RDATA
    std::size_t end = 0;    ///< first byte after it
    std::uint16_t type = 0;
    std::uint16_t rclass = 0;

    Bytes rdata(Bytes message) const { return message.subspan(data, end - data); }
    std::uint32_t ttl(Bytes message) const {
        return std::uint32_t{read_u16(message.data() + fixed + 4)} << 16 | read_u16(message.data() + fixed + 6);
    }
    /// RFC 2181 8: with the highest bit set it counts as 0.
    std::uint32_t counted_ttl(Bytes message) const { return ttl(message) > 0x7fffffff ? 0 : ttl(message); }
    bool has_root_owner() const { return fixed == begin + 1; }
};

inline constexpr std::size_t record_fixed_length = 10;

/// Reads the record that begins at `at` and moves `at` behind it. False where it leaves the message.
inline bool read_record(Bytes message, std::size_t& at, Record& record) {
    record.begin = at;
    if (!skip_name(message, at) || message.size() - at < record_fixed_length) return false;
    const std::uint8_t* fixed = message.data() + at;
    record.fixed = at;
    record.type = read_u16(fixed);
    record.rclass = read_u16(fixed + 2);
    record.data = at + record_fixed_length;
    record.end = record.data + read_u16(fixed + 8);
    at = record.end;
    return at <= message.size();
}

/// TSIG (RFC 8945) or SIG(0) (RFC 2931), told from an old SIG record by its covered type of 0.
bool is_signature(Bytes message, const Record& record);

/// Moves `at` behind the question section, of any QDCOUNT.
bool skip_questions(Bytes message, std::size_t& at);

/// The OPT record of a message (RFC 6891 6.1.1), and where its records end.
struct OptPlace {
    bool walks = false;           ///< every record was read
    bool found = false;           ///< `opt` is filled: the first OPT of the additional section with the root as owner
    bool is_signed = false;       ///< the last record is TSIG or SIG(0): not a byte may change
    Record opt;
    std::size_t records_end = 0;  ///< first byte after the last record, where it walks
};
OptPlace find_opt(Bytes message);

/// Walks the options of an OPT record's RDATA. `Visit` takes code and data, and the offset of the option
/// in `rdata`; false where an option leaves the RDATA.
template <class Visit>
bool walk_options(Bytes rdata, Visit visit) {
    std::size_t at = 0;
    while (at != rdata.size()) {
        if (rdata.size() - at < 4) return false;
        const std::uint16_t length = read_u16(rdata.data() + at + 2);
        if (rdata.size() - at - 4 < length) return false;
        visit(read_u16(rdata.data() + at), rdata.subspan(at + 4, length), at);
        at += std::size_t{4} + length;
    }
    return true;
}

/// RFC 7871, RFC 7873, RFC 7828, RFC 7830, RFC 8914.
namespace option {
inline constexpr std::uint16_t client_subnet = 8, cookie = 10, keepalive = 11, padding = 12, extended_error = 15;
}
inline constexpr std::size_t option_header_length = 4;

}  // namespace dproxy::dns
