// SPDX-License-Identifier: MIT
#include "dns/freshness.hpp"

#include <algorithm>
#include <optional>

#include "dns/record.hpp"

namespace dproxy::dns {
namespace {

/// SERIAL, REFRESH, RETRY, EXPIRE and MINIMUM, which stand behind the names of a SOA (RFC 1035 3.3.13).
constexpr std::size_t soa_numbers_length = 5 * 4;

bool may_be_kept(Bytes reply) {
    if (reply.size() < header_length || !is_response(reply) || is_truncated(reply)) return false;
    if (opcode_of(reply) != static_cast<std::uint8_t>(Opcode::query)) return false;
    const auto rcode = static_cast<Rcode>(rcode_of(reply));
    return rcode == Rcode::noerror || rcode == Rcode::nxdomain;
}

/// Nothing where the SOA is malformed.
std::optional<std::uint32_t> negative_ttl(Bytes reply, const Record& soa) {
    std::size_t at = soa.data;
    const Bytes up_to_end = reply.first(soa.end);
    if (!skip_name(up_to_end, at) || !skip_name(up_to_end, at)) return std::nullopt;
    if (soa.end - at != soa_numbers_length) return std::nullopt;
    const std::uint8_t* minimum = reply.data() + soa.end - 4;
    return std::min(soa.counted_ttl(reply), std::uint32_t{read_u16(minimum)} << 16 | read_u16(minimum + 2));
}

}  // namespace

Freshness read_freshness(Bytes reply) {
    std::size_t at = header_length;
    if (!may_be_kept(reply) || !skip_questions(reply, at)) return {};
    const unsigned answers = answer_count(reply);
    const unsigned before = answers + authority_count(reply);
    const unsigned count = before + additional_count(reply);
    std::optional<std::uint32_t> least;
    for (unsigned index = 0; index < count; ++index) {
        Record record;
        if (!read_record(reply, at, record)) return {};
        std::optional<std::uint32_t> ttl;
        if (index < answers) ttl = record.counted_ttl(reply);
        if (index >= answers && index < before && record.type == type::soa) {
            ttl = negative_ttl(reply, record);
            if (!ttl) return {};
        }
        if (ttl) least = std::min(least.value_or(*ttl), *ttl);
    }
    if (!least) return {};
    return {answers != 0 ? Freshness::Kind::answer : Freshness::Kind::negative, *least};
}

}  // namespace dproxy::dns
