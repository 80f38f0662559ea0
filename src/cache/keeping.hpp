// SPDX-License-Identifier: MIT
// Whether an upstream's reply may be kept for others, for how long (RFC 2181 5 and 8, RFC 2308 5, RFC 8767, RFC 9520),
// and in what form.
#pragma once

#include <cstdint>
#include <span>

#include "cache/kept_answer.hpp"

namespace dproxy::cache {

/// Of a route, in seconds.
struct KeepingTerms {
    std::uint32_t least_s = 0;        ///< TTLs below are raised to it (`cache_ttl`)
    std::uint32_t most_s = 86'400;    ///< and those above lowered
    std::uint32_t negative_s = 300;   ///< most of NXDOMAIN and NODATA
    std::uint32_t stale_s = 0;        ///< beyond the TTL
};

/// When and how a reply came.
struct Coming {
    std::uint64_t at_ns = 0;
    bool by_stream = false;
    std::uint16_t account = 0;  ///< where the caller counts what becomes of it
};

/// SERVFAIL (RFC 9520 3.2: at least a second, so that a name that fails is not asked for at each query).
inline constexpr std::uint32_t failure_kept_s = 1;

/// Makes the record of a reply, written to `out`, which has room for max_record_bytes. Returns its words; none where it
/// is not to be kept: cut, signed, malformed, with an rcode of its own, without a time to keep it for, or with options
/// that are about somebody (client subnet). The options of a hop were taken out; NSID is taken out here. `reply` is
/// any message.
std::span<const std::uint64_t> make_kept(dns::Bytes reply, const QuestionKey& key, const KeepingTerms& terms,
                                         const Coming& came, std::span<std::uint64_t> out);

}  // namespace dproxy::cache
